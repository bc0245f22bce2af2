using System.Text.Json;

namespace Pipeline.Host.Access;

/// <summary>
/// The display names of beds and patients, as a JSON file: <c>{"ICU/7":"Room 3, window","P-17":"…"}</c>; a key is WARD/BED or a pseudonym. They go to the browsers of those who may
/// see them, and nowhere else: not into records, points, logs or to another process.
/// </summary>
internal static class BedNames
{
    private const int MostNames = 10_000, MostCharacters = 200;

    /// <summary>Reads the file's text.</summary>
    /// <exception cref="FormatException">It is none; says why.</exception>
    public static IReadOnlyDictionary<string, string> Parse(string text)
    {
        try
        {
            var names = JsonSerializer.Deserialize<Dictionary<string, string>>(text) ?? [];
            return names.Count > MostNames || names.Any(name => name.Value is not { Length: <= MostCharacters })
                ? throw new FormatException($"at most {MostNames} names of at most {MostCharacters} characters are wanted")
                : names;
        }
        catch (JsonException fault)
        {
            throw new FormatException($"no file of names: {fault.Message}", fault);
        }
    }
}
