using System.Text.Json;

namespace Pipeline.Host.Recordings;

/// <summary>Labels and units of the columns of a text file, from what stands before its rows.</summary>
internal static class CsvLabels
{
    /// <summary>The columns; <c>column1</c>, <c>column2</c>, … where nothing names them.</summary>
    public static IReadOnlyList<CsvColumn> Of(CsvHead head, CsvTable table)
    {
        var labels = OfOpenSignals(head, table) ?? OfLabChart(head, table) ?? OfHeader(head, table) ?? OfComment(head, table);
        return labels ?? [.. Enumerable.Range(0, table.Width).Select(c => new CsvColumn($"column{c + 1}", ""))];
    }

    /// <summary>A line of labels right before the rows, perhaps with a line of units between.</summary>
    private static List<CsvColumn>? OfHeader(CsvHead head, CsvTable table)
    {
        var last = table.FirstRow - 1;
        if (last < 0 || !IsHeader(head.Records[last], table))
            return null;
        var hasUnits = last > 0 && IsHeader(head.Records[last - 1], table) && CsvColumns.AreUnits(head.Records[last]);
        var labels = head.Records[hasUnits ? last - 1 : last];
        return [.. Enumerable.Range(0, table.Width).Select(c =>
        {
            var column = CsvColumns.Split(c < labels.Length ? labels[c] : "", c);
            return hasUnits && c < head.Records[last].Length && column.Unit.Length == 0
                ? column with { Unit = CsvColumns.UnitOf(head.Records[last][c]) }
                : column;
        })];
    }

    // Rows may have one column more than their header: the empty one behind a separator at the end of each.
    private static bool IsHeader(string[] record, CsvTable table) =>
        record.Length >= table.Width && !CsvTable.IsSetting(record[0]) && (table.Width > 1 || record[0].AsSpan().IndexOfAny('=', ':') < 0)
        && record.Any(cell => cell.Length > 0)
        && record.All(cell => cell.Length == 0 || cell == "-" || CsvTimes.FormOf(cell, table.Numbers) is null || cell.All(char.IsLetter));

    /// <summary>A header that is a comment (<c># time_s,ecg_mV</c>), as NumPy writes it.</summary>
    private static List<CsvColumn>? OfComment(CsvHead head, CsvTable table)
    {
        if (head.Comments.Count == 0 || table.Width < 2)
            return null;
        var cells = head.Comments[^1].Split(head.Delimiter).Select(cell => cell.Trim().Trim('\'', '"')).ToArray();
        return cells.Length == table.Width && IsHeader(cells, table) ? [.. cells.Select(CsvColumns.Split)] : null;
    }

    /// <summary>
    /// LabChart: <c>ChannelTitle=</c> and <c>UnitName=</c> or <c>Range=</c>, behind each the cells of the channels; the time stands first.
    /// </summary>
    private static List<CsvColumn>? OfLabChart(CsvHead head, CsvTable table)
    {
        string[]? Setting(string name) =>
            head.Records.Take(table.FirstRow).FirstOrDefault(record => record[0].Equals(name, StringComparison.OrdinalIgnoreCase))?[1..];

        if (Setting("ChannelTitle=") is not { } titles)
            return null;
        titles = [.. titles.Reverse().SkipWhile(title => title.Length == 0).Reverse()];
        var units = Setting("UnitName=");
        var ranges = Setting("Range=");
        var offset = Math.Max(0, table.Width - titles.Length);
        return [.. Enumerable.Range(0, table.Width).Select(c =>
        {
            if (c < offset)
                return new CsvColumn(c == 0 ? "time" : "date", c == 0 && table.Forms[0] == CsvTimeForm.Number ? "s" : "");
            var t = c - offset;
            var unit = t < units?.Length && units[t] is not ("" or "*") ? units[t] : t < ranges?.Length ? ranges[t].Split(' ')[^1] : "";
            return CsvColumns.Split(t < titles.Length ? titles[t] : "", c) with { Unit = unit };
        })];
    }

    /// <summary>
    /// OpenSignals (PLUX): a comment of JSON names the columns of each device, and the sensors behind its last ones; older ones name the
    /// labels of all columns.
    /// </summary>
    private static List<CsvColumn>? OfOpenSignals(CsvHead head, CsvTable table)
    {
        var text = head.Comments.FirstOrDefault(line => line.StartsWith('{'));
        if (text is null)
            return null;
        var columns = new List<CsvColumn>();
        try
        {
            using var json = JsonDocument.Parse(text);
            columns.AddRange(Texts(json.RootElement, "Labels").Select(label => new CsvColumn(label, "")));
            foreach (var device in json.RootElement.EnumerateObject())
            {
                var names = Texts(device.Value, "column");
                var sensors = Texts(device.Value, "sensor");
                for (var c = 0; c < names.Count; c++)
                {
                    var sensor = c - (names.Count - sensors.Count);
                    columns.Add(new(sensor < 0 || sensors[sensor].Length == 0 ? names[c]
                        : sensors.Count(one => one == sensors[sensor]) == 1 ? sensors[sensor]
                        : $"{sensors[sensor]} {names[c]}", ""));
                }
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;   // no head of OpenSignals
        }
        return columns.Count == table.Width ? columns : null;
    }

    private static List<string> Texts(JsonElement device, string name) =>
        device.ValueKind == JsonValueKind.Object && device.TryGetProperty(name, out var list)
        && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(one => one.ToString())] : [];
}
