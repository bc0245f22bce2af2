using System.Text.RegularExpressions;

namespace Pipeline.Host.Recordings;

/// <summary>
/// The files of an Empatica E4 (<c>BVP.csv</c>, <c>ACC.csv</c>, <c>EDA.csv</c>, …): no header; the first row is the start time in seconds
/// since 1970, the second one the rate, once a column. The file's name says what was measured.
/// </summary>
internal static partial class CsvEmpatica
{
    /// <summary>Rows before the samples.</summary>
    public const int HeadRows = 2;

    /// <summary>The columns and the rate; false when the file has another form.</summary>
    public static bool TryOf(string path, CsvHead head, CsvTable table, out IReadOnlyList<CsvColumn> columns, out double rateHz)
    {
        (columns, rateHz) = ([], 0);
        if (table.FirstRow != 0 || table.Rows.Count <= HeadRows || head.Comments.Count > 0
            || !TryOne(table.Rows[0], table, out var start) || start is < 9e8 or > 4e9
            || !TryOne(table.Rows[1], table, out rateHz) || rateHz is < 0.1 or > 10_000
            || !table.Numbers.TryRead(table.Rows[2][0], out var value) || value is > 9e8 and < 4e9)
            return false;
        var measured = Measured().Match(Path.GetFileNameWithoutExtension(path)).Value.ToUpperInvariant();
        columns = [.. Enumerable.Range(0, table.Width).Select(c => measured switch
        {
            // 64 to the g.
            "ACC" when table.Width == 3 => new CsvColumn($"ACC_{"XYZ"[c]}", "g") { Gain = 64 },
            "" => new CsvColumn($"column{c + 1}", ""),
            _ => new CsvColumn(table.Width == 1 ? measured : $"{measured}{c + 1}", ""),
        })];
        return true;
    }

    /// <summary>The number that all cells of a row are.</summary>
    private static bool TryOne(string[] row, CsvTable table, out double number)
    {
        number = double.NaN;
        for (var c = 0; c < table.Width; c++)
            if (!table.Numbers.TryRead(row[c], out var cell) || double.IsNaN(cell) || (c > 0 && cell != number))
                return false;
            else
                number = cell;
        return true;
    }

    [GeneratedRegex(
        "(?<![a-z])(BVP|ACC|EDA|TEMP|HR)(?![a-z])", RegexOptions.IgnoreCase | RegexOptions.RightToLeft | RegexOptions.CultureInvariant)]
    private static partial Regex Measured();
}
