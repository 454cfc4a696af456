"use strict";

// As dark as the admin is: its own choice, else that of the system. Before anything is drawn.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = (localStorage.getItem("_x_adminTheme") || "").replaceAll('"', "");
  const show = () => {
    const dark = chosen === "dark" || (chosen !== "light" && system.matches);
    document.documentElement.classList.toggle("dark-mode", dark);
  };
  system.addEventListener("change", show);
  show();
})();
