"""A service that is set up wrongly says what to change, and does not start."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import trustme
from chat_svc.settings import ChatSettings
from draft_svc.settings import DraftSettings
from every_service import SERVICES
from followup_svc.settings import FollowupSvcSettings
from ingest_svc.settings import IngestSettings
from persona_svc.settings import PersonaSettings
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.dev_keys import PRIVATE_KEY_FILE, ensure_dev_keys
from service_kit.settings import SettingsError, load
from studio_svc.settings import StudioSettings
from voice_svc.settings import VoiceSettings

pytestmark = pytest.mark.long
GOLDEN = Path(__file__).parent / "golden/settings.txt"
PER_PROCESS = {"DRAMATIS_HTTP_PORT", "DRAMATIS_DATABASE_URL"}
WHOLE = {
    "DRAMATIS_NATS_URL": "nats://127.0.0.1:1",
    "DRAMATIS_DATABASE_URL": "postgresql://draft@127.0.0.1:1/draft",
    "DRAMATIS_JWKS_URL": "https://issuer.example/jwks",
}
SECRET = "only-in-the-settings"
OURS = ("DRAMATIS", "OPENAI", "ELEVENLABS")


def started(package, **env):
    """Start a service with these settings alone; return its exit code and what it printed."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    ended = subprocess.run(
        [sys.executable, "-m", package],
        env={**inherited, **env},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.fixture
def refusal(monkeypatch):
    """Return a function: what `load` says of these settings alone."""

    def load_with(settings, **env):
        for name in [name for name in os.environ if name.startswith(OURS)]:
            monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError) as refused:
            load(settings)
        return str(refused.value)

    return load_with


@pytest.mark.parametrize(
    "settings",
    [
        PersonaSettings,
        DraftSettings,
        FollowupSvcSettings,
        IngestSettings,
        VoiceSettings,
        ChatSettings,
        StudioSettings,
    ],
)
def test_each_missing_variable_is_named(refusal, settings):
    lines = refusal(settings).splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == sorted(WHOLE)


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"DRAMATIS_PROFILE": "production"}, "stand-ins: writer:offline"),
        (
            {
                "DRAMATIS_PROFILE": "production",
                "DRAMATIS_DRAFT_WRITER": "openai",
                "DRAMATIS_DRAFT_OPENAI_API_KEY": SECRET,
                "DRAMATIS_DRAFT_MODEL": "a-model",
            },
            "DRAMATIS_API_KEY_PEPPER: production refuses the default",
        ),
        ({"DRAMATIS_WRITER": "openai"}, "use DRAMATIS_DRAFT_WRITER"),
        ({"DRAMATIS_DRAFT_WRITER": "openai"}, "DRAMATIS_DRAFT_OPENAI_API_KEY"),
        ({"DRAMATIS_DRAFT_WRITER": "openai", "OPENAI_API_KEY": SECRET}, "DRAMATIS_DRAFT_MODEL"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line_without_values(env, named):
    code, printed = started("draft_svc", **{**WHOLE, **env})
    assert code == 2
    assert named in printed
    assert "Traceback" not in printed
    assert SECRET not in printed


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"DRAMATIS_PROFILE": "production", "DRAMATIS_DIE_AT": "after-claim"}, "DRAMATIS_DIE_AT"),
        ({"DRAMATIS_DATABASE_URL": f"mysql://x:{SECRET}@db/draft"}, "postgresql://"),
        ({"DRAMATIS_HTTP_PORT": "many"}, "DRAMATIS_HTTP_PORT"),
        ({"DRAMATIS_LEASE_SECONDS": "30"}, "DRAMATIS_HEARTBEAT_SECONDS"),
        ({"DRAMATIS_API_KEY_PEPPER": SECRET}, "at least 32 characters"),
        ({"DRAMATIS_ACK_WAIT_SECONDS": "61"}, "DRAMATIS_ACK_WAIT_SECONDS"),
        ({"DRAMATIS_CORS_ORIGINS": '["*"]'}, "DRAMATIS_CORS_ORIGINS"),
        ({"DRAMATIS_CORS_ORIGINS": '["https://a.example/"]'}, "DRAMATIS_CORS_ORIGINS"),
        ({"DRAMATIS_CORS_ORIGINS": '["a.example"]'}, "DRAMATIS_CORS_ORIGINS"),
    ],
)
def test_a_wrong_value_is_refused_without_it(refusal, env, named):
    refused = refusal(DraftSettings, **{**WHOLE, **env})
    assert named in refused
    assert SECRET not in refused


def test_production_names_where_originals_lie(refusal):
    in_production = {**WHOLE, "DRAMATIS_PROFILE": "production"}
    assert "DRAMATIS_INGEST_STORAGE_URL" in refusal(IngestSettings, **in_production)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DRAMATIS_LOG_LEVL", "did you mean DRAMATIS_LOG_LEVEL?"),
        ("DRAMATIS_DRAFT_MODELL", "did you mean DRAMATIS_DRAFT_MODEL?"),
        ("DRAMATIS_COLOUR", "remove it"),
    ],
)
def test_a_misspelt_variable_is_refused_in_production(refusal, name, meant):
    in_production = {**WHOLE, "DRAMATIS_PROFILE": "production", "DRAMATIS_DRAFT_MODEL": "a-model"}
    refused = refusal(DraftSettings, **in_production, **{name: SECRET})
    assert refused == f"{name} is not known: {meant}"


def test_the_variables_of_other_services_and_of_the_command_are_no_mistakes(refusal):
    others = {
        "DRAMATIS_CHAT_COLOUR": "red",
        "DRAMATIS_WORKSPACE": "acme",
        "DRAMATIS_DRAFT_COLOUR": "red",
    }
    refused = refusal(DraftSettings, **WHOLE, DRAMATIS_PROFILE="production", **others)
    assert refused == "DRAMATIS_DRAFT_COLOUR is not known: remove it"


@pytest.mark.parametrize(
    ("settings", "old", "new"),
    [
        (DraftSettings, "DRAMATIS_WRITER", "DRAMATIS_DRAFT_WRITER"),
        (DraftSettings, "DRAMATIS_RETRY_DELAYS_SECONDS", "DRAMATIS_DRAFT_RETRY_DELAYS_SECONDS"),
        (DraftSettings, "DRAMATIS_OPENAI_API_KEY", "DRAMATIS_DRAFT_OPENAI_API_KEY"),
        (DraftSettings, "OPENAI_BASE_URL", "DRAMATIS_DRAFT_OPENAI_BASE_URL"),
        (FollowupSvcSettings, "DRAMATIS_SEND_BATCH", "DRAMATIS_FOLLOWUP_SEND_BATCH"),
        (
            FollowupSvcSettings,
            "DRAMATIS_RETRY_DELAYS_SECONDS",
            "DRAMATIS_FOLLOWUP_RETRY_DELAYS_SECONDS",
        ),
        (IngestSettings, "DRAMATIS_EMBEDDER", "DRAMATIS_INGEST_EMBEDDER"),
        (IngestSettings, "OPENAI_BASE_URL", "DRAMATIS_INGEST_OPENAI_BASE_URL"),
    ],
)
def test_an_old_name_is_refused_with_the_new_one(refusal, settings, old, new):
    assert refusal(settings, **WHOLE, **{old: SECRET}) == f"{old} is not read: use {new}"


def test_an_old_name_of_a_secret_file_is_refused_too(refusal, tmp_path):
    (tmp_path / "dramatis_qdrant_api_key").write_text(SECRET)
    refused = refusal(IngestSettings, **WHOLE, DRAMATIS_SECRETS_DIR=str(tmp_path))
    assert refused == "DRAMATIS_QDRANT_API_KEY is not read: use DRAMATIS_INGEST_QDRANT_API_KEY"


def test_the_embedders_missing_key_is_named(refusal):
    model = {
        "DRAMATIS_INGEST_EMBEDDER": "openai",
        "DRAMATIS_INGEST_EMBEDDING_MODEL": "m",
        "DRAMATIS_INGEST_EMBEDDING_DIMENSION": "3",
    }
    assert "DRAMATIS_INGEST_OPENAI_API_KEY" in refusal(IngestSettings, **WHOLE, **model)


def known():
    lines = GOLDEN.read_text().splitlines()
    return {line.partition(" ")[0] for line in lines} | {"DRAMATIS_SECRETS_DIR"}


def signing_key(folder):
    """Return a new key in PEM."""
    ensure_dev_keys(folder / "of-the-studio", "embedded")
    return (folder / "of-the-studio" / PRIVATE_KEY_FILE).read_text()


def everything(folder):
    """Return a value for every variable; no two services understand one differently."""
    (folder / "secrets").mkdir()
    (folder / "ca.pem").touch()
    trustme.CA().cert_pem.write_to_path(folder / "nats-ca.pem")
    unused = "http://127.0.0.1:1"
    return {
        "DRAMATIS_MIGRATION_DATABASE_URL": WHOLE["DRAMATIS_DATABASE_URL"],
        "DRAMATIS_HTTP_HOST": "127.0.0.1",
        "DRAMATIS_DATABASE_POOL_SIZE": "5",
        "DRAMATIS_ACK_WAIT_SECONDS": "20",
        "DRAMATIS_LEASE_SECONDS": "40",
        "DRAMATIS_HEARTBEAT_SECONDS": "10",
        "DRAMATIS_SECRETS_DIR": str(folder / "secrets"),
        "DRAMATIS_CORS_ORIGINS": '["https://a.example"]',
        "DRAMATIS_OTLP_ENDPOINT": unused,
        "DRAMATIS_LOG_LEVEL": "INFO",
        "DRAMATIS_STREAM_REPLICAS": "1",
        "DRAMATIS_NATS_CA_FILE": str(folder / "nats-ca.pem"),
        "DRAMATIS_NATS_TLS_HANDSHAKE_FIRST": "false",
        "DRAMATIS_TOPOLOGY": "services",
        "DRAMATIS_DIE_AT": "never",
        "DRAMATIS_COMMIT": "0123abc",
        "DRAMATIS_API_KEY_PEPPER": SECRET * 2,
        "DRAMATIS_RATE_LIMIT_PER_KEY": "1200",
        "DRAMATIS_RATE_LIMIT_PER_WORKSPACE": "12000",
        "DRAMATIS_JWT_WORKSPACE_CLAIM": "workspace_id",
        "DRAMATIS_JWT_ROLE_CLAIM": "realm_access.roles",
        "DRAMATIS_JWT_ROLES": '{"admin": "admin"}',
        "DRAMATIS_JWT_OTHER_ISSUERS": '{"https://other.example": "https://other.example/jwks"}',
        "OPENAI_API_KEY": SECRET,
        "DRAMATIS_DRAFT_WRITER": "openai",
        "DRAMATIS_DRAFT_OPENAI_API_KEY": SECRET,
        "DRAMATIS_DRAFT_OPENAI_BASE_URL": unused,
        "DRAMATIS_DRAFT_MODEL": "a-model",
        "DRAMATIS_DRAFT_MODEL_TIMEOUT_SECONDS": "30",
        "DRAMATIS_DRAFT_MODEL_TAKES_JSON_SCHEMA": "false",
        "DRAMATIS_DRAFT_MODEL_TAKES_TEMPERATURE": "false",
        "DRAMATIS_DRAFT_MODEL_MAX_TOKENS_FIELD": "max_tokens",
        "DRAMATIS_DRAFT_MODEL_SYSTEM_ROLE": "system",
        "DRAMATIS_DRAFT_MODEL_INPUT_USD_PER_MILLION": "1",
        "DRAMATIS_DRAFT_MODEL_OUTPUT_USD_PER_MILLION": "2",
        "DRAMATIS_CHAT_WRITER": "openai",
        "DRAMATIS_CHAT_OPENAI_API_KEY": SECRET,
        "DRAMATIS_CHAT_OPENAI_BASE_URL": unused,
        "DRAMATIS_CHAT_MODEL": "a-model",
        "DRAMATIS_CHAT_MODEL_TIMEOUT_SECONDS": "30",
        "DRAMATIS_CHAT_MODEL_TAKES_JSON_SCHEMA": "false",
        "DRAMATIS_CHAT_MODEL_TAKES_TEMPERATURE": "false",
        "DRAMATIS_CHAT_MODEL_MAX_TOKENS_FIELD": "max_tokens",
        "DRAMATIS_CHAT_MODEL_SYSTEM_ROLE": "system",
        "DRAMATIS_CHAT_MODEL_INPUT_USD_PER_MILLION": "1",
        "DRAMATIS_CHAT_MODEL_OUTPUT_USD_PER_MILLION": "2",
        "DRAMATIS_CHAT_ANSWER_CONCURRENCY": "4",
        "DRAMATIS_STUDIO_SERVICES": '{"persona-svc": "http://127.0.0.1:1"}',
        "DRAMATIS_STUDIO_PUBLIC_URL": "https://studio.example",
        "DRAMATIS_STUDIO_SIGNING_KEY": signing_key(folder),
        "DRAMATIS_STUDIO_OIDC_ISSUER": "https://id.example",
        "DRAMATIS_STUDIO_OIDC_CLIENT_ID": "studio",
        "DRAMATIS_STUDIO_OIDC_CLIENT_SECRET": SECRET,
        "DRAMATIS_STUDIO_OIDC_SCOPE": "openid",
        "DRAMATIS_STUDIO_OIDC_ROLE_CLAIM": "groups",
        "DRAMATIS_STUDIO_OIDC_ROLES": '{"admins": "admin"}',
        "DRAMATIS_STUDIO_OIDC_WORKSPACE_CLAIM": "workspace",
        "DRAMATIS_STUDIO_OIDC_WORKSPACE": "ours",
        "DRAMATIS_STUDIO_VOICE_ORIGINS": '["wss://voice.example"]',
        "DRAMATIS_PERSONA_RETENTION_DAYS": "14",
        "DRAMATIS_DRAFT_WRITE_CONCURRENCY": "4",
        "DRAMATIS_DRAFT_RETRY_DELAYS_SECONDS": "[10, 30, 90, 170]",
        "DRAMATIS_FOLLOWUP_SEND_BATCH": "100",
        "DRAMATIS_FOLLOWUP_DUE_CHECK_SECONDS": "1",
        "DRAMATIS_FOLLOWUP_RETRY_DELAYS_SECONDS": "[60, 300]",
        "DRAMATIS_INGEST_STORAGE_URL": (folder / "storage").as_uri(),
        "DRAMATIS_INGEST_INBOX_DIR": str(folder / "inbox"),
        "DRAMATIS_INGEST_ALLOWED_HOSTS": '["files.example.com"]',
        "DRAMATIS_INGEST_ALLOWED_BUCKETS": '["bucket"]',
        "DRAMATIS_INGEST_FETCH_PRIVATE_ADDRESSES": "true",
        "DRAMATIS_INGEST_FETCH_CA_FILE": str(folder / "ca.pem"),
        "DRAMATIS_INGEST_QDRANT_URL": unused,
        "DRAMATIS_INGEST_QDRANT_API_KEY": SECRET,
        "DRAMATIS_INGEST_EMBEDDER": "openai",
        "DRAMATIS_INGEST_OPENAI_API_KEY": SECRET,
        "DRAMATIS_INGEST_OPENAI_BASE_URL": unused,
        "DRAMATIS_INGEST_EMBEDDING_MODEL": "another-model",
        "DRAMATIS_INGEST_EMBEDDING_DIMENSION": "3",
        "DRAMATIS_INGEST_EMBEDDING_BATCH_TEXTS": "4",
        "DRAMATIS_INGEST_EMBEDDING_BATCH_CHARS": "1000",
        "DRAMATIS_INGEST_EMBEDDING_TIMEOUT_SECONDS": "5",
        "DRAMATIS_INGEST_CONCURRENCY": "1",
        "DRAMATIS_INGEST_RETRY_DELAYS_SECONDS": "[1, 2]",
        "DRAMATIS_INGEST_EMBED_RETRY_DELAYS_SECONDS": "[1, 2]",
        "ELEVENLABS_API_KEY": SECRET,
        "DRAMATIS_VOICE_ELEVENLABS_API_KEY": SECRET,
        "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": unused,
        "DRAMATIS_VOICE_ELEVENLABS_FAKE": "false",
        "DRAMATIS_VOICE_DEFAULT_VOICE_ID": "a-voice",
        "DRAMATIS_VOICE_AGENT_LLM": "a-model",
        "DRAMATIS_VOICE_POST_CALL_WEBHOOK_ID": "a-webhook",
        "DRAMATIS_VOICE_PUBLIC_URL": "https://voice.example",
        "DRAMATIS_VOICE_CONNECT_TIMEOUT_SECONDS": "1",
        "DRAMATIS_VOICE_VENDOR_TIMEOUT_SECONDS": "5",
        "DRAMATIS_VOICE_AGENT_CONCURRENCY": "2",
        "DRAMATIS_VOICE_SETTLE_SECONDS": "0.5",
        "DRAMATIS_VOICE_RESYNC_SECONDS": "60",
        "DRAMATIS_VOICE_RETRY_DELAYS_SECONDS": "[1, 2]",
        "DRAMATIS_VOICE_WEBHOOK_SECRET": SECRET,
        "DRAMATIS_VOICE_WEBHOOK_WINDOW_SECONDS": "600",
        "DRAMATIS_VOICE_ANSWER_TIMEOUT_SECONDS": "1",
        "DRAMATIS_VOICE_ANSWER_CACHE_BYTES": "1000000",
        "DRAMATIS_VOICE_SPEECH_CONCURRENCY": "3",
        "DRAMATIS_VOICE_SPEECH_WAIT_SECONDS": "5",
        "DRAMATIS_VOICE_PERSONA_CHARACTERS_PER_MONTH": "1000",
        "DRAMATIS_VOICE_WORKSPACE_CHARACTERS_PER_MONTH": "5000",
        "DRAMATIS_VOICE_AUDIO_CACHE_BYTES": "1000000",
        "DRAMATIS_VOICE_AUDIO_KEY": SECRET * 8,
    }


@pytest.mark.slow
def test_all_services_start_with_every_variable_set_and_name_one_that_is_unknown(
    database, nats_url, tmp_path
):
    more = everything(tmp_path)
    with ExitStack() as stack:
        for package in SERVICES:
            url = database(package).login_url
            env = service_env(tmp_path, database_url=url, nats_url=nats_url, more=more)
            assert env.keys() | PER_PROCESS == known()
            env["DRAMATIS_COLOUR"] = "red"
            api = stack.enter_context(running(package, tmp_path, env))
            log = (tmp_path / f"{package}.log").read_text()
            assert "DRAMATIS_COLOUR is not known: remove it" in log
            ready = httpx.get(f"{api.url}/readyz", timeout=20).json()
            assert ready["stand_ins"] == []


def test_secrets_come_from_a_volume_as_kubernetes_mounts_it(tmp_path):
    version = tmp_path / "..2026_11_28"
    version.mkdir()
    (version / "dramatis_database_url").write_text(f"{WHOLE['DRAMATIS_DATABASE_URL']}\n")
    (version / "dramatis_nats_url").write_text(WHOLE["DRAMATIS_NATS_URL"])
    (tmp_path / "..data").symlink_to(version.name)
    for file in version.iterdir():
        (tmp_path / file.name).symlink_to(f"..data/{file.name}")
    code, printed = started("draft_svc", DRAMATIS_SECRETS_DIR=str(tmp_path))
    assert code == 2
    assert printed.splitlines() == ["DRAMATIS_JWKS_URL: Field required"]


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "dramatis_database_url").write_text(WHOLE["DRAMATIS_DATABASE_URL"])
    code, printed = started(
        "draft_svc",
        DRAMATIS_SECRETS_DIR=str(tmp_path),
        DRAMATIS_NATS_URL=WHOLE["DRAMATIS_NATS_URL"],
    )
    assert code == 2
    assert printed.splitlines() == ["DRAMATIS_JWKS_URL: Field required"]
