// Razorpay's Standard Checkout: https://razorpay.com/docs/payments/payment-gateway/web-integration/standard/
import { onPay, refuse, wait } from "/static/pay_form.js";
const form = document.getElementById("pay");
const { key, reference, amount, currency, email, name } = form.dataset;
const Checkout = Razorpay;
onPay(form, () => {
  const checkout = new Checkout({
    key, amount, currency, name, order_id: reference, prefill: { email },
    handler: ({ razorpay_payment_id: id, razorpay_signature: signature }) => {
      form.elements.token.value = `${id}:${signature}`;
      form.submit();
    },
    modal: { ondismiss: () => wait(form, false) },
  });
  checkout.on("payment.failed", ({ error }) => refuse(form, error.description));
  checkout.open();
});
