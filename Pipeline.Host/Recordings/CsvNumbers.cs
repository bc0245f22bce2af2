using System.Globalization;

namespace Pipeline.Host.Recordings;

/// <summary>
/// How a text file writes its numbers: with a decimal point or comma, perhaps with thousands set apart by the other one, by spaces or by
/// apostrophes.
/// </summary>
/// <param name="DecimalMark"><c>.</c> or <c>,</c>.</param>
internal sealed record CsvNumbers(char DecimalMark)
{
    private const int MaxLength = 64;

    /// <summary>Numbers as computers write them.</summary>
    public static CsvNumbers Plain { get; } = new('.');

    /// <summary>
    /// Judges the cells of a file's beginning. A mark is a decimal one where it is the last of two kinds, or where what is around it cannot
    /// be thousands. Where nothing tells, a comma that is not the separator is decimal.
    /// </summary>
    public static CsvNumbers Judge(IEnumerable<string> cells, bool isCommaSeparated)
    {
        var (points, commas, perhaps) = (0, 0, 0);
        foreach (var cell in cells.Select(cell => cell.Trim()).Where(IsFigure))
            switch (MarkOf(cell))
            {
                case '.':
                    points++;
                    break;
                case ',':
                    commas++;
                    break;
                case '?' when cell.Contains(','):
                    perhaps++;
                    break;
            }
        return new(commas > points || (commas == points && commas == 0 && perhaps > 0 && !isCommaSeparated) ? ',' : '.');
    }

    /// <summary>Whether a cell is a number, or one of the ways to write a missing one.</summary>
    public bool IsNumberOrEmpty(string cell) => TryRead(cell, out _);

    /// <summary>Reads a cell; an empty one, and <c>nan</c>, <c>na</c>, <c>null</c>, <c>-</c> and the like in any case, is NaN.</summary>
    public bool TryRead(ReadOnlySpan<char> cell, out double value)
    {
        cell = cell.Trim();
        if (DecimalMark == '.' && double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            value = double.IsFinite(value) ? value : double.NaN;
            return true;
        }
        value = double.NaN;
        if (IsMissing(cell))
            return true;
        if (cell.Length > MaxLength)
            return false;
        Span<char> plain = stackalloc char[MaxLength];
        if (!TryPlain(cell, plain, out var length)
            || !double.TryParse(plain[..length], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || !double.IsFinite(number))
            return false;
        value = number;
        return true;
    }

    private static bool IsMissing(ReadOnlySpan<char> cell) => cell.Length == 0
        || (cell.Length <= 4
            && cell.ToString().ToUpperInvariant() is "-" or "--" or "NA" or "N/A" or "#N/A" or "NAN" or "NULL" or "NONE"
                or "INF" or "-INF" or "?");

    private static bool IsFigure(string cell)
    {
        foreach (var letter in cell)
            if (!char.IsAsciiDigit(letter) && letter is not ('.' or ',' or '-' or '+' or 'e' or 'E' or '\'' or ' ' or '\u00A0' or '\u202F'))
                return false;
        return cell.Length > 0 && char.IsAsciiDigit(cell[^1]);
    }

    /// <summary>The decimal mark of a figure: <c>?</c> where it could be one of thousands, a space where there is none.</summary>
    private static char MarkOf(string cell)
    {
        var (point, comma) = (cell.LastIndexOf('.'), cell.LastIndexOf(','));
        if (point < 0 && comma < 0)
            return ' ';
        var mark = point > comma ? '.' : ',';
        var other = mark == '.' ? ',' : '.';
        if (point >= 0 && comma >= 0)
            return mark;
        if (cell.Count(letter => letter == mark) > 1)
            return other;
        var at = Math.Max(point, comma);
        var before = cell[..at].TrimStart('-', '+');
        var canBeThousands = cell.Length - at == 4 && before.Length is >= 1 and <= 3 && before[0] is >= '1' and <= '9';
        return canBeThousands ? '?' : mark;
    }

    /// <summary>The number with a decimal point and without thousands; false where a mark of thousands stands at a wrong place.</summary>
    private bool TryPlain(ReadOnlySpan<char> cell, Span<char> plain, out int length)
    {
        length = 0;
        var isWhole = true;
        for (var i = 0; i < cell.Length; i++)
        {
            var letter = cell[i] == '−' ? '-' : cell[i];
            if (letter == DecimalMark)
            {
                isWhole = false;
                plain[length++] = '.';
            }
            else if (letter is '.' or ',' or '\'' or '’' or ' ' or '\u00A0' or '\u202F')
            {
                if (!isWhole || !IsBeforeThousands(cell, i))
                    return false;
            }
            else
                plain[length++] = letter;
        }
        return length > 0;
    }

    private static bool IsBeforeThousands(ReadOnlySpan<char> cell, int at)
    {
        var isLed = at > 0 && char.IsAsciiDigit(cell[at - 1]) && cell.TrimStart("+-−")[0] != '0';
        var group = cell[(at + 1)..];
        return isLed && group.Length >= 3 && char.IsAsciiDigit(group[0]) && char.IsAsciiDigit(group[1]) && char.IsAsciiDigit(group[2])
            && (group.Length == 3 || !char.IsAsciiDigit(group[3]));
    }
}
