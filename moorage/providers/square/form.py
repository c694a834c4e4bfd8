"""Square's own card form on a page of ours: where its script comes from, and what it talks to."""

from typing import Final

# Where the Web Payments SDK comes from, what it sends card data to, and its fonts: real money or not.
FORM_HOSTS: Final = {
    True: (
        "https://web.squarecdn.com",
        "https://pci-connect.squareup.com",
        "https://square-fonts-production-f.squarecdn.com",
    ),
    False: (
        "https://sandbox.web.squarecdn.com",
        "https://pci-connect.squareupsandbox.com",
        "https://square-fonts-production-f.squarecdn.com",
    ),
}
