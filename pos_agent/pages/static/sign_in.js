// A code in the fragment of the address (which no server sees) fills the form by itself.
const given = location.hash.slice(1);
if (/^[0-9]{8}$/.test(given)) {
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("code").value = given;
  document.querySelector("form").requestSubmit();
}
