"""The app's window, driven by WebKit's own driver (W3C WebDriver)."""

import json
import urllib.request

# An element's id in answers (W3C WebDriver, "Elements").
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Window:
    def __init__(self, driver, program, until):
        """Has the driver start the program."""
        self.base = driver
        until("the driver", lambda: self.has("GET", "/status"))
        options = {"binary": program, "args": []}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self.base += "/session/" + self.send("POST", "/session", wanted)["sessionId"]

    def send(self, method, path, body=None):
        """The answer's value."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def has(self, method, path, body=None):
        """The answer in a list; an empty one where the driver refuses, which it does while the page is drawn anew."""
        try:
            return [self.send(method, path, body)]
        except OSError:
            return []

    def see(self, text, until):
        """Waits until the page shows this."""
        script = {"script": "return document.body?.innerText ?? ''", "args": []}
        until(f'"{text}" in the window', lambda: any(text in page for page in self.has("POST", "/execute/sync", script)))

    def press(self, label, until):
        """Presses the button with this text, once that can be done."""
        button = {"using": "xpath", "value": f"//button[normalize-space(.) = '{label}']"}

        def pressed():
            found = self.has("POST", "/element", button)
            return found and self.has("POST", f"/element/{found[0][ELEMENT]}/click", {})

        until(f'the button "{label}"', pressed)

    def close(self):
        """Ends the program."""
        self.send("DELETE", "")
