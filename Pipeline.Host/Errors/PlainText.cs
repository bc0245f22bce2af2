namespace Pipeline.Host.Errors;

/// <summary>Text from outside (a file, an argument, a broker) as a terminal may show it.</summary>
internal static class PlainText
{
    /// <summary>The same with control characters (escape sequences among them) written out: <c>\u001B</c>. Line ends and tabs stay.</summary>
    public static string Of(string text) => text.Any(IsHidden)
        ? string.Concat(text.Select(c => IsHidden(c) ? FormattableString.Invariant($"\\u{(int)c:X4}") : c.ToString()))
        : text;

    // Bidirectional overrides reorder what is read, as escape sequences do.
    private static bool IsHidden(char c) => c is not ('\n' or '\r' or '\t') && (char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'));
}
