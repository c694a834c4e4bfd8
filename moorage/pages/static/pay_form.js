// What the providers' payment forms share: one try at a time, and saying what went wrong. A form that cannot be driven,
// because its provider's script has not come, is sent empty: the page then says that it has not loaded.
export function onPay(form, pay) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    wait(form, true);
    try {
      await pay();
    } catch {
      refuse(form, "Something went wrong on the way. Load this page again before you try again.");
    }
  });
}
export function wait(form, waiting) {
  form.querySelector("button").disabled = waiting;
}
export function refuse(form, sentence) {
  const wrong = document.getElementById("wrong");
  wrong.textContent = sentence ?? "That did not work. Nothing was taken; try again.";
  wrong.hidden = false;
  wait(form, false);
}
// Whoever comes back here sees what has become of it since, and no button that was pressed.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
