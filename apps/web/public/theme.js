// Sets a remembered theme before the first paint, so that a dark page never flashes white.
try {
  const theme = localStorage.getItem("truechimer.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused: the system's theme it is.
}
