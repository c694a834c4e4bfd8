"""What invoicing refuses. SQL names the code; the sentence here is said where SQL gives none."""

from moorage.kernel.errors import InvalidError, MoorageError


class NothingOwedError(MoorageError):
    """Nothing is owed for this."""

    code = "nothing_owed"
    kind = "conflict"


class QuoteExpiredError(MoorageError):
    """This quote has expired; ask for a new one."""

    code = "quote_expired"
    kind = "conflict"


class InvoiceLinesError(InvalidError):
    """An invoice or quote has between 1 and 100 lines, each with words and an amount, and asks for money."""

    code = "invalid_lines"


class TaxRateUnknownError(InvalidError):
    """There is no tax rate for this country and region."""

    code = "unknown_tax_rate"


class LinkExpiredError(MoorageError):
    """This link has expired: the portal mails a link to all that is yours."""

    code = "link_expired"
    kind = "conflict"


class PortalLinkExpiredError(MoorageError):
    """This link has expired; ask for a new one."""

    code = "portal_link_expired"
    kind = "conflict"
