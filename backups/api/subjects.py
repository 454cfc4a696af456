"""How the addresses of the API are grouped for those who read about it, and in which order."""

INTRO = """
Whether each ethoscope's data is safe, and the evidence for it. Everything here is answered from
what is stored: no device is asked while you wait. What nobody could tell is `null`, and never 0.

* **Who may**: a session of the admin, or `Authorization: Token …` with a token of the page “API
  tokens”. A token has a scope (read, operate, admin) and never more rights than its owner.
* **Lists** give pages of `limit` rows (at most 500) and, in `next`, the address of the following
  one. Rows that come in meanwhile are neither skipped nor given twice. `ordering`, `search` and the
  filters narrow them; `fields=a,b` gives only these fields; `format=csv` gives the whole list as a
  table. A parameter that cannot be is an error (400) and never left out in silence.
* **304**: send the `ETag` of an answer back as `If-None-Match`.
* **Acts** are POST. What takes time is queued and answered 202, with the run or the row to watch.
* **Errors** have one shape, `application/problem+json` (RFC 9457), with a `code` for programs and,
  for parameters, `errors` by name.
* **What may change** without a new version, and how an end is announced: docs/api.md.
""".strip()

SUBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Fleet": (
        "Devices, and whether their data is safe. Begin here.",
        ("devices", "findings", "timeline", "badges"),
    ),
    "Data": (
        "What there is to save, and what is saved: experiments, recordings, items, copies, videos.",
        ("experiments", "recordings", "items", "copies", "videos", "files"),
    ),
    "Evidence": (
        "What verdicts rest on, and certificates that others can check.",
        ("snapshots", "certificates"),
    ),
    "Backups": (
        "What is made here, by which plan, where it lies, and what the node's own daemons say.",
        ("runs", "plans", "policies", "storages", "daemons", "services"),
    ),
    "Problems": ("What a person should know.", ("incidents",)),
    "Access": ("Tokens by name and password.", ("auth",)),
}
TAGS = [{"name": name, "description": says} for name, (says, _) in SUBJECTS.items()]
SUBJECT_OF = {part: name for name, (_, parts) in SUBJECTS.items() for part in parts}
