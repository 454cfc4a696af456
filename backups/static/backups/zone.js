// Tells the server in which zone this browser is, so that pages show its times.
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (!document.cookie.split("; ").includes(`tz=${zone}`)) {
    document.cookie = `tz=${zone}; path=/admin/; max-age=31536000; samesite=lax`;
  }
}
