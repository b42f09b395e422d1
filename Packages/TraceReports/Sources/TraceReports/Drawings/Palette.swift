/// The colours of drawings and reports. The four outcomes stay apart for colour-blind eyes, by hue and by
/// lightness, and keep a contrast of 3:1 to the surface in both schemes.
enum Palette: String, CaseIterable {
  case background, surface, raised, text, muted, line, accent
  case ok, error, throttle, fault, pending

  enum Scheme { case light, dark, variables }

  func value(_ scheme: Scheme) -> String {
    switch scheme {
    case .light: light
    case .dark: dark
    case .variables: "var(--\(rawValue))"
    }
  }

  private var light: String {
    switch self {
    case .background: "#f5f6f8"
    case .surface: "#ffffff"
    case .raised: "#eef1f5"
    case .text: "#19202b"
    case .muted: "#5a6575"
    case .line: "#d9dee6"
    case .accent: "#1f5fd0"
    case .ok: "#0d8f6f"
    case .error: "#b57500"
    case .throttle: "#8a4fc0"
    case .fault: "#c7273a"
    case .pending: "#2f7fb8"
    }
  }

  private var dark: String {
    switch self {
    case .background: "#0e1218"
    case .surface: "#161c25"
    case .raised: "#202835"
    case .text: "#e8ecf2"
    case .muted: "#9aa6b7"
    case .line: "#2e3846"
    case .accent: "#7fb0ff"
    case .ok: "#3dbb97"
    case .error: "#e8ad3f"
    case .throttle: "#c096ee"
    case .fault: "#ff7480"
    case .pending: "#6cb7e8"
    }
  }

  /// Declarations of all colours as custom properties.
  static func declarations(_ scheme: Scheme) -> String {
    allCases.map { "--\($0.rawValue):\($0.value(scheme));" }.joined()
  }
}
