// What the providers' payment forms share: one try at a time, and saying what went wrong.
export function wait(form, waiting) {
  form.querySelector("button").disabled = waiting;
}
export function refuse(form, sentence) {
  const wrong = document.getElementById("wrong");
  wrong.textContent = sentence ?? "That did not work. Nothing was taken; try again.";
  wrong.hidden = false;
  wait(form, false);
}
