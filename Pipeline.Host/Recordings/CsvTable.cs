namespace Pipeline.Host.Recordings;

/// <summary>
/// The rows of numbers within the beginning of a text file: how wide they are, where they begin, what their columns hold.
/// </summary>
internal sealed class CsvTable
{
    private readonly List<string[]> _rows;

    private CsvTable(CsvNumbers numbers, int width, CsvTimeForm?[] forms, int firstRow, List<string[]> rows)
    {
        (Numbers, Width, Forms, FirstRow, _rows) = (numbers, width, forms, firstRow, rows);
    }

    /// <summary>How numbers are written.</summary>
    public CsvNumbers Numbers { get; }

    /// <summary>Columns of a row, without empty ones at its end that have no label.</summary>
    public int Width { get; }

    /// <summary>What the cells of each column are; null: words.</summary>
    public IReadOnlyList<CsvTimeForm?> Forms { get; }

    /// <summary>The first record that is a row of samples; −1: there is none.</summary>
    public int FirstRow { get; }

    /// <summary>The rows of samples.</summary>
    public IReadOnlyList<string[]> Rows => _rows;

    /// <summary>
    /// Whether a record is a line of settings of a LabChart head, <c>Interval=</c> and the like, which each of its blocks has.
    /// </summary>
    public static bool IsSetting(string firstCell) => firstCell.Length > 1 && firstCell[^1] == '=' && char.IsAsciiLetter(firstCell[0]);

    /// <summary>Tells the rows from the beginning of a file.</summary>
    public static CsvTable Of(CsvHead head)
    {
        // The later half holds rows, whatever stands before them.
        var later = head.Records.Skip(head.Records.Count / 2).Where(record => record.Length > 0 && !IsSetting(record[0])).ToList();
        if (later.Count == 0)
            return new(CsvNumbers.Plain, 0, [], -1, []);
        var raw = later.GroupBy(record => record.Length).MaxBy(group => group.Count())!.Key;   // a group is never empty
        later = later.FindAll(record => record.Length == raw);
        var numbers = CsvNumbers.Judge(later.SelectMany(record => record), head.Delimiter == ",");
        var width = WidthOf(head.Records, raw);
        CsvTimeForm?[] forms = [.. Enumerable.Range(0, width).Select(c => FormOf(later.ConvertAll(record => record[c]), numbers))];
        var first = FirstRowOf(head.Records, forms, numbers);
        List<string[]> rows = first < 0
            ? []
            : [.. head.Records.Skip(first).Where(record => record.Length >= width && !IsSetting(record[0]))];
        return new(numbers, width, forms, first, rows);
    }

    /// <summary>A cell of a column, for a message.</summary>
    public string Example(int column) => _rows.Select(row => row[column]).FirstOrDefault(cell => cell.Length > 0) ?? "";

    /// <summary>Whether the cells of a column are empty in all rows of the beginning, or in the later half of them.</summary>
    public bool IsEmpty(int column, bool inLaterHalf = false) =>
        _rows.Skip(inLaterHalf ? _rows.Count / 2 : 0).All(row => row[column].Length == 0);

    /// <summary>The numbers of a column, row by row.</summary>
    public List<double> Column(int column, CsvTimeForm form)
    {
        var times = new CsvTimes(form, Numbers);
        return _rows.ConvertAll(row => times.TryRead(row[column], out var value) ? value : double.NaN);
    }

    /// <summary>Whether a column goes up by one from row to row, but for where it begins again.</summary>
    public bool CountsRows(int column)
    {
        if (Forms[column] != CsvTimeForm.Number || _rows.Count < 3)
            return false;
        var values = Column(column, CsvTimeForm.Number);
        return 10 * values.Zip(values.Skip(1), (a, b) => b - a == 1).Count(isNext => isNext) >= 8 * (values.Count - 1);
    }

    private static int WidthOf(IReadOnlyList<string[]> records, int raw)
    {
        var width = raw;
        while (width > 1 && records.All(record => record.Length < width || record[width - 1].Length == 0))
            width--;
        return width;
    }

    private static CsvTimeForm? FormOf(List<string> cells, CsvNumbers numbers)
    {
        var texts = cells.FindAll(cell => cell.Length > 0);
        if (texts.Count == 0)
            return CsvTimeForm.Number;
        // A group is never empty.
        var most = texts.GroupBy(cell => CsvTimes.FormOf(cell, numbers)).MaxBy(group => (group.Count(), group.Key is not null))!;
        return most.Key;
    }

    /// <summary>
    /// The first record whose cells are what their columns hold; a record before it that has numbers is a row that is broken.
    /// </summary>
    private static int FirstRowOf(IReadOnlyList<string[]> records, CsvTimeForm?[] forms, CsvNumbers numbers)
    {
        bool IsNumber(string cell) =>
            cell.Length > 0 && CsvTimes.FormOf(cell, numbers) is not null && !cell.All(char.IsLetter) && cell != "-";
        bool HasNumber(string[] record) => record.Any(IsNumber);
        bool Fits(string cell, CsvTimeForm? form) =>
            form is null || cell.Length == 0 || numbers.IsNumberOrEmpty(cell) || CsvTimes.FormOf(cell, numbers) == form;
        bool IsRow(string[] record) => record.Length >= forms.Length && HasNumber(record)
            && Enumerable.Range(0, forms.Length).All(c => Fits(record[c], forms[c]));

        var first = -1;
        for (var i = 0; i < records.Count && first < 0; i++)
            if (IsRow(records[i]))
                first = i;
        var before = first < 0 ? records.Count : first;
        while (before > 0 && records[before - 1].Length >= forms.Length
            && HasNumber(records[before - 1]) && !IsSetting(records[before - 1][0])
            && forms.Any(form => form is not null))
            before--;
        return before < records.Count && (first >= 0 || HasNumber(records[before])) ? before : first;
    }
}
