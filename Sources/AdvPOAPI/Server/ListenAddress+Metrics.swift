extension ListenAddress {
    /// Where metrics are served without asking who reads them.
    ///
    /// - Parameter isForEverybody: whether somebody said that other machines may.
    package init(metrics text: String, isForEverybody: Bool) throws(Invalid) {
        self = try ListenAddress(parsing: text, isAuthenticated: true)
        guard isForEverybody || isLoopback else {
            throw Invalid(
                message: "refusing to serve metrics on '\(host)': whoever reaches it reads names of models and workers. Use 127.0.0.1:\(port), scrape /metrics of the API "
                    + "with an identity, or say --metrics-everywhere")
        }
    }
}
