using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Host.Errors;
using Pipeline.Models.Packages;

namespace Pipeline.Host.Networks;

/// <summary>Model packages as a table for a person, or all that they say of themselves as JSON.</summary>
internal static partial class ModelTable
{
    private const int HashDigits = 12, KeyWidth = 10, LineWidth = 110;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes what was found, broken packages included.</summary>
    public static void Write(IReadOnlyList<FoundModel> found, bool isJson, TextWriter output)
    {
        if (isJson)
            WriteJson(found, output);
        else if (found.Count == 0)
            output.WriteLine("No model packages; classical needs none.");
        else
            WriteText(found, output);
    }

    // What a package says of itself may come from anybody: no escape sequence of it reaches the terminal.
    private static void WriteText(IReadOnlyList<FoundModel> found, TextWriter output)
    {
        using var text = new StringWriter { NewLine = output.NewLine };
        WriteTable(found, text);
        output.Write(PlainText.Of(text.ToString()));
    }

    private static void WriteJson(IReadOnlyList<FoundModel> found, TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        found.Select(model => new { model.Folder, model.Fault, Model = model.Package?.Identity, model.Package?.Manifest }), Json));

    private static void WriteTable(IReadOnlyList<FoundModel> found, TextWriter output)
    {
        var packages = found.Select(model => model.Package?.Manifest).OfType<ModelManifest>().ToList();
        List<string[]> rows =
        [
            ["MODEL", "ESTIMATES", "FROM", "PARAMETERS", "MFLOP", "STATE", "HASH"],
            .. packages.Select(m => new[]
            {
                $"{m.Name}@{m.Version}", m.Task, string.Join(" ", m.Kinds), m.Parameters.ToString("N0", CultureInfo.InvariantCulture),
                m.Mflop.ToString("0.####", CultureInfo.InvariantCulture), m.StateLength.ToString(CultureInfo.InvariantCulture), HashOf(m),
            }),
        ];
        var widths = rows[0].Select((_, column) => rows.Max(row => row[column].Length)).ToList();
        foreach (var row in packages.Count == 0 ? [] : rows)
            output.WriteLine(string.Join("  ", row.Select((cell, c) => c is 3 or 4 or 5 ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd());
        foreach (var model in found)
            Write(model, output);
    }

    private static string HashOf(ModelManifest manifest) => manifest.Sha256[ModelPackage.NetworkFile][..HashDigits];

    private static void Write(FoundModel model, TextWriter output)
    {
        output.WriteLine();
        if (model.Package is not { } package)
        {
            output.WriteLine($"broken: {model.Fault}");
            return;
        }
        var m = package.Manifest;
        output.WriteLine(package.Identity);
        Line("takes", string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(", ", m.Kinds)} at {m.MinRateHz} to {m.MaxRateHz} Hz{(m.WindowSeconds > 0 ? $", windows of {m.WindowSeconds} s every {m.HopSeconds} s" : ", candidate by candidate")}"));
        Line("costs", string.Create(CultureInfo.InvariantCulture,
            $"{m.Parameters} parameters, {m.Mflop} MFLOP a {(m.WindowSeconds > 0 ? "window" : "candidate")}, {m.StateLength} floats of state a stream"));
        foreach (var (title, key) in new[] { ("error", "figures"), ("split", "split"), ("data", "data"), ("terms", "terms"), ("command", "command") })
            if (m.Card.TryGetValue(key, out var text))
                foreach (var (part, first) in (key is "data" or "figures" ? SetsOf().Split(text) : [text]).Select((part, i) => (part, i == 0)))
                    Line(first ? title : "", key == "data" ? Counted(part) : part);
        Line("folder", model.Folder);

        void Line(string key, string text)
        {
            foreach (var line in Wrapped(text))
            {
                output.WriteLine($"  {key.PadRight(KeyWidth)}{line}");
                key = "";
            }
        }
    }

    // A data set's part of a line begins with its name.
    [GeneratedRegex(@"; (?=\w+: )")]
    private static partial Regex SetsOf();

    /// <summary><c>set: a b c</c> as <c>set: 3 recordings (a … c)</c>.</summary>
    private static string Counted(string set)
    {
        var parts = set.Split(": ", 2);
        var names = parts.Length == 2 ? parts[1].Split(' ') : [];
        return names.Length < 4 ? set : $"{parts[0]}: {names.Length} recordings ({names[0]} … {names[^1]})";
    }

    private static IEnumerable<string> Wrapped(string text)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > LineWidth - KeyWidth)
            {
                yield return line;
                line = "";
            }
            line += line.Length == 0 ? word : $" {word}";
        }
        yield return line;
    }
}
