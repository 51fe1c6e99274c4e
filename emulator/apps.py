from django.apps import AppConfig, apps


class EmulatorConfig(AppConfig):
    name = "emulator"
    verbose_name = "OCPP Emulator"

    def ready(self) -> None:
        if apps.is_installed("accounts"):  # not in a worker, nor where processes are looked after
            from emulator.followed import follow_third_parties

            follow_third_parties()
