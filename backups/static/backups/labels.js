// Names for what Django's own widgets leave without one, as soon as they are there: a reader of the
// screen says them.
{
  const UNNAMED = "[role=combobox][aria-labelledby^=select2-], [role=textbox][id^=select2-]:not([aria-label])";

  function name() {
    for (const part of document.querySelectorAll(UNNAMED)) {
      const select = part.closest(".select2")?.previousElementSibling;
      if (!select?.labels) continue;
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", select.labels[0]?.textContent.trim() || select.name);
    }
    for (const tip of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) {
      tip.setAttribute("role", "img");
    }
  }

  new MutationObserver(name).observe(document, { childList: true, subtree: true });
}
