"""What note-svc adds to the common settings."""

from service_kit.settings import ServiceSettings, own_variables


class NoteSettings(ServiceSettings):
    """A field added here is read from DRAMATIS_NOTE_<FIELD>."""

    model_config = own_variables("note")
    http_port: int = 8109
