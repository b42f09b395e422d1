import XRayModel

/// Where an element stands in a list: by name, then by number.
struct ListPlace: Comparable {
  var name: String
  var number = 0

  static func < (a: Self, b: Self) -> Bool { (a.name, a.number) < (b.name, b.number) }
}

/// One page of a list whose elements have places: what comes or goes between two pages moves nothing.
struct Page<Element> {
  var elements: [Element]
  /// For the next page; `nil` on the last.
  var marker: String?

  /// - Parameters:
  ///   - elements: All, in the order of their places.
  ///   - most: Elements on a page, whatever the caller asks for.
  init(
    of elements: [Element], _ target: RequestTarget, bounds: ClosedRange<Int> = 1...10_000, most: Int = 50,
    place: (Element) -> ListPlace
  ) throws(APIError) {
    var count = most
    if let text = target.value("MaxItems") {
      guard let number = Int(text) else { throw .violation("maxItems", text, "Member must be a whole number") }
      count = min(most, try Fields.check(number, bounds, "maxItems"))
    }
    var rest = elements[...]
    if let text = target.value("Marker"), !text.isEmpty {
      guard let last = Self.place(text) else { throw .invalid("Invalid marker.") }
      rest = rest.drop { place($0) <= last }
    }
    self.elements = Array(rest.prefix(count))
    marker = rest.count > count ? self.elements.last.map { Self.text(place($0)) } : nil
  }

  private static func text(_ place: ListPlace) -> String {
    Base64.text(Array("\(place.number)/\(place.name)".utf8))
  }

  private static func place(_ text: String) -> ListPlace? {
    guard text.utf8.count <= 1000, let bytes = Base64.bytes(text),
      let content = String(validating: bytes, as: UTF8.self), let slash = content.firstIndex(of: "/"),
      let number = Int(content[..<slash])
    else { return nil }
    return ListPlace(name: String(content[content.index(after: slash)...]), number: number)
  }

  func reply(_ name: String, _ write: (inout JSONWriter, Element) -> Void) -> Reply {
    Reply { writer in
      if let marker { writer.member("NextMarker", marker) }
      writer.key(name)
      writer.array { writer in for element in elements { write(&writer, element) } }
    }
  }
}
