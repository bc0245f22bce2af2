using System.Globalization;
using System.Text.RegularExpressions;
using CsvHelper;
using CsvHelper.Configuration;

namespace Pipeline.Host.Recordings;

/// <summary>The beginning of a text file as its separator takes it apart: what its layout is told from.</summary>
internal sealed partial class CsvHead
{
    private const int MaxLetters = 1 << 17;
    private const int MaxRecords = 2000;
    private const string Spaces = " ";

    private CsvHead(string delimiter, IReadOnlyList<string> comments, IReadOnlyList<string[]> records, bool hasSeparatorLine)
    {
        (Delimiter, Comments, Records, HasSeparatorLine) = (delimiter, comments, records, hasSeparatorLine);
    }

    /// <summary>What stands between cells.</summary>
    public string Delimiter { get; }

    /// <summary>Lines that begin with <c>#</c>, without it.</summary>
    public IReadOnlyList<string> Comments { get; }

    /// <summary>The first records, blank lines and comments left out, of cells that are trimmed.</summary>
    public IReadOnlyList<string[]> Records { get; }

    /// <summary>Whether the first record is <c>sep=;</c> (as Excel has it), which is not in <see cref="Records"/>.</summary>
    public bool HasSeparatorLine { get; }

    /// <summary>Reads the beginning of a file.</summary>
    /// <exception cref="RecordingException">It has no line, or too many columns.</exception>
    public static CsvHead Read(string path)
    {
        var name = Path.GetFileName(path);
        var letters = new char[MaxLetters];
        int count;
        using (var reader = new StreamReader(path))
            count = reader.ReadBlock(letters);
        var text = new string(letters, 0, count);
        // A line that was cut off would be a record of its own.
        var end = count == MaxLetters ? text.LastIndexOf('\n') : count;
        var lines = text[..(end > 0 ? end : count)].Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToList();
        if (lines.TrueForAll(string.IsNullOrWhiteSpace))
            throw new RecordingException($"{name}: empty");
        var first = lines[0].Trim().Trim('"');
        var hasSeparator = first.StartsWith("sep=", StringComparison.OrdinalIgnoreCase);
        var comments = lines.Where(line => line.StartsWith('#')).Select(line => line[1..].Trim()).ToList();
        var data = lines.Skip(hasSeparator ? 1 : 0).Where(line => !line.StartsWith('#')).ToList();
        var delimiter = !hasSeparator ? DelimiterOf(data) : first.Length > 4 ? first[4..5] : first == "sep=" ? "\t" : ",";
        return new(delimiter, comments, Parse(name, string.Join('\n', data), delimiter), hasSeparator);
    }

    /// <summary>How CsvHelper reads such a file.</summary>
    /// <param name="delimiter">What stands between cells.</param>
    /// <param name="onBadData">Gets the line of a quotation mark within a cell; null: such cells are taken as they are.</param>
    public static CsvConfiguration Form(string delimiter, Action<int>? onBadData) => new(CultureInfo.InvariantCulture)
    {
        Delimiter = delimiter,
        AllowComments = true,
        HasHeaderRecord = false,
        WhiteSpaceChars = [],
        MaxFieldSize = 1 << 12,
        // Cells are taken apart when they are asked for, so this comes from anywhere; its own message is a page long.
        BadDataFound = onBadData is null ? null : found => onBadData(found.Context.Parser?.RawRow ?? 0),
    };

    // The first of the separators that most of the later lines have: those before them may be a head of any form. Spaces separate where the
    // lines are figures and spaces alone.
    private static string DelimiterOf(List<string> lines)
    {
        var later = lines.Skip(lines.Count / 2).Take(200).ToList();
        bool IsOfMost(Func<string, bool> has) => later.Count > 0 && 2 * later.Count(has) >= later.Count;

        foreach (var separator in "\t;|")
            if (IsOfMost(line => line.Contains(separator)))
                return separator.ToString();
        return IsOfMost(SpacedFigures().IsMatch) ? Spaces : ",";
    }

    /// <summary>The cells of a record of a parser: between spaces, empty ones do not count.</summary>
    public static string[] CellsOf(CsvParser parser, string delimiter)
    {
        var cells = parser.Record ?? [];
        return delimiter == Spaces ? [.. cells.Where(cell => cell.Length > 0)] : cells;
    }

    private static List<string[]> Parse(string name, string text, string delimiter)
    {
        var records = new List<string[]>();
        using var parser = new CsvParser(new StringReader(text), Form(delimiter, null));
        try
        {
            while (records.Count < MaxRecords && parser.Read())
                records.Add([.. CellsOf(parser, delimiter).Select(cell => cell.Trim().Trim('\'').Trim())]);
        }
        catch (CsvHelperException)
        {
            throw new RecordingException($"{name}: line {parser.RawRow + 1} is not CSV");
        }
        return records;
    }

    [GeneratedRegex(@"^\s*[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?(\s+[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?)+\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex SpacedFigures();
}
