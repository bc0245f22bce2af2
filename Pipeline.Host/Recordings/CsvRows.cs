using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Pipeline.Host.Recordings;

/// <summary>The rows of a CSV file, one at a time, every cell a number; what is none ends in one clear line.</summary>
internal sealed class CsvRows : IDisposable
{
    private const int MaxColumns = 1024;

    private readonly string _name;
    private readonly CsvParser _parser;
    private readonly bool _hasDecimalComma;
    private readonly bool _isDateTime;
    private bool _isFirstRowWaiting;
    private DateTimeOffset? _firstDate;

    public CsvRows(string path)
    {
        _name = Path.GetFileName(path);
        var delimiter = DelimiterOf(path);
        _hasDecimalComma = delimiter == ";";
        var form = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter,
            AllowComments = true,
            HasHeaderRecord = false,
            MaxFieldSize = 1 << 12,
            // Cells are taken apart when they are asked for, so this comes from anywhere; its own message is a page long.
            BadDataFound = found => throw new RecordingException($"{_name}: line {found.Context.Parser?.RawRow}: a quotation mark within a cell"),
        };
        _parser = new(new StreamReader(path, new FileStreamOptions { BufferSize = 1 << 16, Options = FileOptions.SequentialScan }), form);
        try
        {
            if (!ReadRaw())
                throw new RecordingException($"{_name}: empty");
            if (_parser.Count > MaxColumns)
                throw new RecordingException($"{_name}: {_parser.Count} columns; at most {MaxColumns} are possible");
            Columns = CsvColumns.Of([.. _parser.Record!.Select(Decimal)]);   // Record: a line was read
            _isFirstRowWaiting = !Columns.HasHeader;
            if (Columns.HasHeader && Columns.TimeColumn >= 0 && ReadRaw() && _parser.Count > Columns.TimeColumn)
            {
                _isFirstRowWaiting = true;
                _isDateTime = !CsvColumns.IsNumberOrEmpty(Decimal(_parser[Columns.TimeColumn])) && TryDate(_parser[Columns.TimeColumn], out _);
            }
        }
        catch
        {
            _parser.Dispose();
            throw;
        }
    }

    public CsvColumns Columns { get; }

    /// <summary>Whether the time column holds dates; its numbers are then seconds since the first.</summary>
    public bool IsDateTime => _isDateTime;

    /// <summary>Line of the file that was read last, from 1.</summary>
    public int Line => _parser.RawRow;

    /// <summary>Reads the next row into one number a column; false at the end.</summary>
    public bool TryRead(Span<double> row)
    {
        if (!_isFirstRowWaiting && !ReadRaw())
            return false;
        _isFirstRowWaiting = false;
        if (_parser.Count != Columns.All.Count)
            throw new RecordingException($"{_name}: line {Line} has {_parser.Count} cells where {Columns.All.Count} are wanted: truncated?");
        for (var c = 0; c < row.Length; c++)
        {
            if (_isDateTime && c == Columns.TimeColumn)
                row[c] = SecondsOf(_parser[c]);
            else if (!CsvColumns.TryNumber(Decimal(_parser[c]), out row[c]))
                throw new RecordingException(
                    $"{_name}: line {Line}, column '{WfdbHeader.Shown(Columns.All[c].Label)}': '{WfdbHeader.Shown(_parser[c])}' is no number");
        }
        return true;
    }

    public void Dispose() => _parser.Dispose();

    private bool ReadRaw()
    {
        try
        {
            return _parser.Read();
        }
        catch (CsvHelperException)
        {
            throw new RecordingException($"{_name}: line {Line + 1} is not CSV");
        }
    }

    private string Decimal(string cell) => _hasDecimalComma ? cell.Replace(',', '.') : cell;

    private double SecondsOf(string cell)
    {
        if (!TryDate(cell, out var date))
            throw new RecordingException($"{_name}: line {Line}: '{WfdbHeader.Shown(cell)}' is no date and time");
        _firstDate ??= date;
        return (date - _firstDate.Value).TotalSeconds;
    }

    private static bool TryDate(string cell, out DateTimeOffset date) =>
        DateTimeOffset.TryParse(cell, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out date);

    private static string DelimiterOf(string path)
    {
        using var reader = new StreamReader(path);
        Span<char> start = stackalloc char[1 << 12];
        var first = start[..reader.ReadBlock(start)];
        if (first.IndexOf('\n') is var end and >= 0)
            first = first[..end];
        return first.Contains('\t') ? "\t" : first.Contains(';') ? ";" : ",";
    }
}
