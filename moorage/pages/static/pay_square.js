// Square's Web Payments SDK: https://developer.squareup.com/docs/web-payments/take-card-payment
import { onPay, refuse } from "/static/pay_form.js";
const form = document.getElementById("pay");
const { key, account } = form.dataset;
const card = await Square.payments(key, account).card();
await card.attach("#element");
onPay(form, async () => {
  const { status, token, errors } = await card.tokenize();
  if (status !== "OK") { refuse(form, errors?.[0]?.message); return; }
  form.elements.token.value = token;
  form.submit();
});
