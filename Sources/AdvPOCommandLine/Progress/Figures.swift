/// Numbers as people read them; `—` for what is not known.
enum Figures {
    static let unknown = "—"

    static func score(_ value: Double?) -> String { value.map { fixed($0, decimals: 3) } ?? unknown }
    static func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + fixed(value, decimals: 3) }
    static func tokens(_ value: Int?) -> String { value.map(String.init) ?? unknown }
    static func seconds(_ value: Double?) -> String { value.map { fixed($0, decimals: 2) + " s" } ?? unknown }

    /// Enough digits to tell small sums apart.
    static func dollars(_ value: Double?) -> String {
        guard let value else { return unknown }
        if value == 0 { return "$0" }
        return "$" + fixed(value, decimals: abs(value) < 0.01 ? 6 : abs(value) < 1 ? 4 : 2)
    }

    /// Rounded half away from zero; no exponent, no locale.
    static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((abs(value) * scale).rounded())
        let divisor = Int64(scale)
        let fraction = String(scaled % divisor)
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(scaled) }
        return sign + String(scaled / divisor) + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
