using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Host.Errors;
using Pipeline.Training.Qrs;

namespace Pipeline.Host.Networks;

/// <summary>
/// WFDB records with reference beats (<c>NAME.atr</c>), and those without that are noise to mix in, by their names <c>em</c>, <c>ma</c>, <c>bw</c> of the
/// MIT-BIH noise stress test database.
/// </summary>
internal sealed class QrsRecordings
{
    private static readonly string[] NoiseNames = ["em", "ma", "bw"];

    /// <summary>Reads the folders.</summary>
    /// <exception cref="CommandException">A folder is not there, none holds a record with reference beats, or one is there twice.</exception>
    public QrsRecordings(IReadOnlyList<string> folders)
    {
        foreach (var folder in folders)
            Read(folder);
        if (Records.Count == 0)
            throw CommandException.BadUsage("--data: no folder holds a WFDB record with reference beats (NAME.hea with NAME.atr beside it).");
        if (Records.GroupBy(r => r.Record.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw CommandException.BadUsage($"{twice.Key} is there twice, in {string.Join(" and ", twice.Select(r => r.Set))}: a recording must not be on both sides of a split.");
    }

    /// <summary>The records with reference beats, and the data sets that they are of: the names of their folders.</summary>
    public List<(string Set, EcgRecording Record)> Records { get; } = [];

    /// <summary>The noises, by name; any may be missing.</summary>
    public Dictionary<string, EcgRecording> Noises { get; } = new(StringComparer.Ordinal);

    /// <summary>Their names, for a model card.</summary>
    public string Text =>
        string.Join("; ", Records.GroupBy(r => r.Set).Select(g => $"{g.Key}: {string.Join(' ', g.Select(r => r.Record.Name))}"))
        + (Noises.Count == 0 ? "" : $"; noise: {string.Join(' ', Noises.Keys)}");

    /// <summary>SHA-256 of everything that was read.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var record in Records.Select(r => r.Record).Concat(Noises.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => n.Value)))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{record.Name} {record.RateHz} {record.Beats.Length}\n")));
            foreach (var lead in record.Leads)
                hash.AppendData(MemoryMarshal.AsBytes(lead.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(record.Beats.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void Read(string folder)
    {
        if (!Directory.Exists(folder))
            throw CommandException.BadUsage($"--data {folder}: there is no such folder.");
        var set = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        foreach (var name in Directory.GetFiles(folder, "*.hea").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal))
        {
            if (File.Exists(Path.Combine(folder, name + ".atr")))
                Records.Add((set, EcgRecordings.Read(folder, name)));
            else if (NoiseNames.Contains(name))
                Noises[name] = EcgRecordings.Read(folder, name);
        }
    }
}
