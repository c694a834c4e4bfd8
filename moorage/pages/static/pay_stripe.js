// Stripe's Payment Element: https://docs.stripe.com/payments/payment-element
import { onPay, refuse } from "/static/pay_form.js";
const form = document.getElementById("pay");
const { key, secret, return: back } = form.dataset;
const stripe = Stripe(key);
const elements = stripe.elements({ clientSecret: secret });
elements.create("payment").mount("#element");
onPay(form, async () => {
  const { error } = await stripe.confirmPayment({ elements, confirmParams: { return_url: `${back}&back=1` } });
  refuse(form, error.message);
});
