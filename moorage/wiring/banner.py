"""What `moorage serve` prints when it is ready."""

from moorage.wiring.provider_settings import default_provider
from moorage.wiring.serving import Ready


def banner(ready: Ready) -> str:
    """Where everything is, on a few lines."""
    settings = ready.settings
    url = settings.public_url()
    where = "bundled" if ready.bundled else "yours"
    mail = f"smtp {settings.smtp_host}" if settings.smtp_host else "outbox"
    server = f"PostgreSQL {ready.postgres_major} ({where})"
    lines = [
        f"Moorage is ready in {ready.seconds:.1f} s · {server} · payments: {default_provider(settings)} · mail: {mail}"
    ]
    if settings.port != ready.wanted_port and ready.wanted_port:
        lines.append(f"  Port {ready.wanted_port} is taken: this is {settings.port}.")
    lines.append(f"  Marketplace   {url}/")
    if ready.demo is not None:
        notes = {
            "owner": "one click, no password",
            "practitioner": "",
            "client": "has a booking tomorrow" if ready.demo.facts.get("client_has_booking") else "",
        }
        lines += [
            f"  {role.capitalize():<13} {link}   {notes.get(role, '')}".rstrip()
            for role, link in ready.demo.links.items()
        ]
        documents = ready.demo.facts.get("documents") or {}
        lines += [f"  {what.capitalize():<13} {link}" for what, link in documents.items()]
    tokens = f"   tokens in {settings.moorage_home / 'demo.json'}" if ready.demo is not None else ""
    lines.append(f"  API           {url}/docs{tokens}")
    if settings.environment != "production" and not settings.smtp_host:
        lines.append(f"  Outbox        {url}/dev/mail")
    if settings.log_dir is not None:
        lines.append(f"  Logs          {settings.log_dir}")
    if default_provider(settings) == "sandbox":
        lines.append("Book with card 4242 4242 4242 4242; decline with 4000 0000 0000 0002.")
    lines.append("Ctrl-C stops, data is kept.")
    return "\n".join(lines)
