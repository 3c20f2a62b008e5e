"""An addon with the hooks of a gateway that do nothing: what being called costs by itself."""


class Noop:
    def requestheaders(self, flow: object) -> None:
        pass

    def request(self, flow: object) -> None:
        pass

    def responseheaders(self, flow: object) -> None:
        pass

    def response(self, flow: object) -> None:
        pass


addons = [Noop()]
