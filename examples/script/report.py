"""A script that asks for its context. In an image, launcher_context.py is a file beside it."""

from launcher_context import get_context

context = get_context()
# "smtp.password" also answers to the name that a variable would have.
password = context.get_secret("SMTP_PASSWORD")
keystore = context.get_secret("keystore")
debug = context.get_secret("DEV_DEBUG", default="off")

print(f"{context.name}: {context.get_param('rows')} rows")
print(f"smtp.password: {password[:1]}***, a {type(password).__name__}")
print(f"keystore: {type(keystore).__name__}, as it is not UTF-8")
print(f"DEV_DEBUG: {debug}")
