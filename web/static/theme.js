// Before anything is painted: the colours that this person chose.
try {
  const theme = localStorage.getItem("earworm-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* no storage: as the system has it */ }
