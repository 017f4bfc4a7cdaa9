"""What stands for a package with devices of its own."""


class Heater:
    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    async def heat(self, kelvin: float) -> None: ...
