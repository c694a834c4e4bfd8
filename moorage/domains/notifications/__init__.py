"""Notifications: mails on their way out, each effect told once, kept to be read where no SMTP server is set."""
