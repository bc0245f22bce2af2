using CsvHelper;

namespace Pipeline.Host.Recordings;

/// <summary>The rows of a text file, one at a time, every cell that is read a number; what is none ends in one clear line.</summary>
internal sealed class CsvRows : IDisposable
{
    private readonly string _name;
    private readonly CsvLayout _layout;
    private readonly CsvParser _parser;
    private readonly CsvTimes _times;
    private readonly bool[] _isRead;
    private string[] _cells = [];

    /// <summary>
    /// Opens the file at <paramref name="path"/> before its first row. Columns of <paramref name="isRead"/> false come as NaN.
    /// </summary>
    public CsvRows(string path, CsvLayout layout, bool[] isRead)
    {
        (_name, _layout, _isRead) = (Path.GetFileName(path), layout, isRead);
        _times = new(layout.TimeForm, layout.Numbers);
        var isHead = true;
        var form = CsvHead.Form(layout.Delimiter, line =>
        {
            if (!isHead)
                throw new RecordingException($"{_name}: line {line}: a quotation mark within a cell");
        });
        _parser = new(new StreamReader(path, new FileStreamOptions { BufferSize = 1 << 16, Options = FileOptions.SequentialScan }), form);
        try
        {
            for (var skipped = 0; skipped < layout.SkippedRecords; skipped++)
                ReadRaw();
        }
        catch
        {
            _parser.Dispose();
            throw;
        }
        isHead = false;
    }

    /// <summary>Line of the file that was read last, from 1.</summary>
    public int Line => _parser.RawRow;

    /// <summary>Reads the next row into one number a column; false at the end.</summary>
    public bool TryRead(Span<double> row)
    {
        do
        {
            if (!ReadRaw())
                return false;
        }
        while (_cells.Length == 0 || CsvTable.IsSetting(_cells[0])
            || (row.Length > 1 && _cells is [var only] && string.IsNullOrWhiteSpace(only)));
        if (!HasWidth(row.Length))
            throw new RecordingException($"{_name}: line {Line} has {_cells.Length} cells where {row.Length} are wanted: truncated?");
        for (var c = 0; c < row.Length; c++)
        {
            row[c] = double.NaN;
            var cell = _isRead[c] ? _cells[c] : "";
            if (c == _layout.TimeColumn
                ? !_times.TryRead(cell, out row[c])
                : !_layout.Numbers.TryRead(cell, out row[c]) && !_layout.Columns[c].IsEmptyAtFirst)
                throw new RecordingException(
                    $"{_name}: line {Line}, column '{WfdbHeader.Shown(_layout.Columns[c].Label)}': '{WfdbHeader.Shown(cell)}' is no "
                    + (c == _layout.TimeColumn
                    ? $"{(_layout.TimeForm == CsvTimeForm.Number ? "number" : "time")}; --rate HZ takes the rows without their times"
                    : $"number; --channel {WfdbHeader.Shown(_layout.Columns[c].Label)}=ignore leaves the column out"));
        }
        return true;
    }

    public void Dispose() => _parser.Dispose();

    // Behind the last column there may be empty cells, and the comment of a row in LabChart's form.
    private bool HasWidth(int width)
    {
        if (_cells.Length < width)
            return false;
        for (var c = width; c < _cells.Length; c++)
            if (_cells[c].AsSpan().Trim() is { Length: > 0 } cell && cell[0] != '#')
                return false;
        return true;
    }

    private bool ReadRaw()
    {
        try
        {
            if (!_parser.Read())
                return false;
            _cells = CsvHead.CellsOf(_parser, _layout.Delimiter);
            return true;
        }
        catch (CsvHelperException)
        {
            throw new RecordingException($"{_name}: line {Line + 1} is not CSV");
        }
    }
}
