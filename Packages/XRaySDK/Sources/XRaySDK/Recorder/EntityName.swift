import XRayModel

/// The name as X-Ray accepts it: without characters outside letters, numbers, blanks and `_.:/%&#=+-@`, and
/// with at most 200 characters. Names that have nothing left become `unnamed`.
func entityName(_ name: String) -> String {
  let scalars = name.unicodeScalars
  if scalars.count <= SegmentIndex.nameLengthLimit, scalars.allSatisfy(isAllowedInName), !scalars.isEmpty {
    return name
  }
  var clean = String.UnicodeScalarView()
  clean.append(contentsOf: scalars.lazy.filter(isAllowedInName).prefix(SegmentIndex.nameLengthLimit))
  return clean.isEmpty ? "unnamed" : String(clean)
}

private func isAllowedInName(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar {
  case "a"..."z", "A"..."Z", "0"..."9", " ", "_", ".", ":", "/", "%", "&", "#", "=", "+", "-", "@": return true
  default: break
  }
  guard !scalar.isASCII else { return false }
  switch scalar.properties.generalCategory {
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
    .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
    return true
  default: return false
  }
}
