import EventSources

typealias Base64 = EventSources.Base64
