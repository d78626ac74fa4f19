from django.apps import AppConfig
from django.db.models import Field, ForeignObject


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat.kernel.rows import Among
        from chat.kernel.times import read_quickly

        read_quickly()
        for kind in (Field, ForeignObject):
            kind.register_lookup(Among)
