def test_function(context, db_name):
    context.logger.info("running function")
    db_password = context.get_secret("DB_PASSWORD")
    # Rest of code can use db_password to perform processing. Here it shows what came.
    print(f"db_name: {db_name}")
    print(f"DB_PASSWORD: {masked(db_password)}")
    for key in ("AWS_KEY", "MY_SECRET", "API_TOKEN", "MAIL_PASSWORD", "MY_AZURE_SECRET", "NO_SUCH_KEY"):
        print(f"{key}: {masked(context.get_secret(key))}")


def masked(value):
    """Return a value's first character and stars, never more."""
    return None if value is None else value[:1] + "***"
