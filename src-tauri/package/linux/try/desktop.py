"""Stands in for a desktop, as far as an app in the tray needs one: the panel that shows its icon and menu, and the daemon
that shows its toasts."""

import os
import threading

import dbus
import dbus.bus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

WATCHER = "org.kde.StatusNotifierWatcher"
TOASTS = "org.freedesktop.Notifications"


class Panel(dbus.service.Object):
    def __init__(self, bus, desktop):
        self.name = dbus.service.BusName(WATCHER, bus, do_not_queue=True)
        super().__init__(bus, "/StatusNotifierWatcher")
        self.desktop = desktop

    @dbus.service.method(WATCHER, in_signature="s", sender_keyword="sender")
    def RegisterStatusNotifierItem(self, service, sender):
        is_path = service.startswith("/")
        self.desktop.item = (sender, service) if is_path else (service, "/StatusNotifierItem")

    @dbus.service.method(WATCHER, in_signature="s")
    def RegisterStatusNotifierHost(self, service):
        pass

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.GetAll(interface)[name]

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {
            "RegisteredStatusNotifierItems": dbus.Array([], signature="s"),
            "IsStatusNotifierHostRegistered": dbus.Boolean(True),
            "ProtocolVersion": dbus.Int32(0),
        }


class Daemon(dbus.service.Object):
    def __init__(self, bus, desktop):
        self.name = dbus.service.BusName(TOASTS, bus, do_not_queue=True)
        super().__init__(bus, "/org/freedesktop/Notifications")
        self.desktop = desktop

    @dbus.service.method(TOASTS, out_signature="as")
    def GetCapabilities(self):
        return ["actions", "body"]

    @dbus.service.method(TOASTS, out_signature="ssss")
    def GetServerInformation(self):
        return ("trial", "LiteLLM Auto-Sync", "1", "1.2")

    @dbus.service.method(TOASTS, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, title, body, actions, hints, timeout):
        self.desktop.toasts.append(f"{title}: {body}".replace("\n", ", "))
        return len(self.desktop.toasts)

    @dbus.service.method(TOASTS, in_signature="u")
    def CloseNotification(self, toast):
        pass


class Desktop:
    """What is shown at the moment: the icon that registered last, and every toast so far."""

    def __init__(self):
        self.item, self.toasts = None, []
        bus = dbus.SessionBus(mainloop=DBusGMainLoop())
        self.served = (Panel(bus, self), Daemon(bus, self))
        threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
        # The panel asks by a connection of its own, from another thread than the one that answers.
        self.bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])

    def menu(self):
        """The icon's menu, and the ids of its lines by their texts; none while there is none."""
        if not self.item:
            return None, {}
        name, path = self.item
        try:
            item = self.bus.get_object(name, path, introspect=False)
            path = item.Get("org.kde.StatusNotifierItem", "Menu", dbus_interface=dbus.PROPERTIES_IFACE)
            menu = dbus.Interface(self.bus.get_object(name, path, introspect=False), "com.canonical.dbusmenu")
            _, (_, _, lines) = menu.GetLayout(dbus.Int32(0), dbus.Int32(-1), dbus.Array([], signature="s"))
        except dbus.DBusException:
            # The app has ended, or it puts the menu on the bus a moment after the icon.
            return None, {}
        return menu, {str(what.get("label", "")).replace("_", ""): line for line, what, _ in lines}

    def labels(self):
        return [label for label in self.menu()[1] if label]

    def click(self, label, until):
        """Clicks the line with this text, once it is there: a menu follows its state a moment later."""

        def clicked():
            menu, lines = self.menu()
            if label not in lines:
                return False
            try:
                menu.Event(lines[label], "clicked", dbus.Int32(0, variant_level=1), dbus.UInt32(0))
                return True
            except dbus.DBusException:  # it was drawn anew meanwhile
                return False

        until(f'"{label}" in the menu', clicked)
