using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;

namespace Pipeline.Host.References;

/// <summary>Recordings that are scored together by a network that has not seen them.</summary>
/// <param name="Name">Name of the fold.</param>
/// <param name="Test">Names of the recordings that are scored.</param>
/// <param name="Train">Names of the recordings that it is trained on.</param>
internal sealed record Fold(string Name, IReadOnlySet<string> Test, IReadOnlySet<string> Train);

/// <summary>
/// Who is scored by whom. From a CSV file with the columns <c>recording</c> and <c>fold</c>, and <c>subject</c> if a person has several
/// recordings: every fold is scored once, by a network trained on the others. The folds <c>train</c> and <c>test</c>, alone, are one split;
/// recordings of the fold <c>unused</c> are left out.
/// </summary>
internal sealed class Split
{
    private const string Train = "train", Test = "test", Unused = "unused";
    private readonly Dictionary<string, string> _subjects;

    private Split(IReadOnlyList<Fold> folds, Dictionary<string, string> subjects) => (Folds, _subjects) = (folds, subjects);

    /// <summary>The folds, in order of their names.</summary>
    public IReadOnlyList<Fold> Folds { get; }

    /// <summary>Whose a recording is: what the file says, else the recording itself.</summary>
    public string SubjectOf(string recording) => _subjects.GetValueOrDefault(recording, recording);

    /// <summary>One fold a recording.</summary>
    /// <exception cref="CommandException">There is one recording only.</exception>
    public static Split LeaveOneOut(IReadOnlyList<ReferencedRecording> recordings)
    {
        if (recordings.Count < 2)
            throw CommandException.BadUsage($"--split loso: {recordings.Count} recording leaves nothing to train on; two or more are wanted.");
        var names = recordings.Select(r => r.Name).Order(StringComparer.Ordinal).ToList();
        return new Split([.. names.Select(name => new Fold(name, new HashSet<string> { name }, names.Where(n => n != name).ToHashSet()))], []);
    }

    /// <summary>Reads a split; every recording must be in it.</summary>
    /// <exception cref="RecordingException">It is no split of these recordings; says why.</exception>
    public static Split Read(string path, IReadOnlyList<ReferencedRecording> recordings)
    {
        var name = Path.GetFileName(path);
        var (folds, subjects) = Rows(path, name);
        var known = recordings.Select(r => r.Name).ToHashSet();
        Refuse(name, "names recordings that --data does not have", folds.Keys.Where(r => !known.Contains(r)));
        Refuse(name, $"does not name (fold {Unused} leaves one out)", known.Where(r => !folds.ContainsKey(r)));
        Refuse(name, "has subjects in several folds, which would be trained and tested on", subjects.GroupBy(s => s.Value).Where(g => g.Select(s => folds[s.Key]).Distinct().Count() > 1).Select(g => g.Key));
        var names = folds.Values.Where(f => f != Unused).Distinct().Order(StringComparer.Ordinal).ToList();
        HashSet<string> In(Func<string, bool> fold) => folds.Where(f => fold(f.Value)).Select(f => f.Key).ToHashSet();
        if (names is [Test] or [Test, Train])
            return new Split([new Fold(Test, In(f => f == Test), In(f => f == Train))], subjects);
        if (names.Count < 2 || names.Contains(Train) || names.Contains(Test))
            throw new RecordingException($"{name}: has the folds {string.Join(", ", names)}; two or more names are wanted, or {Train} and {Test} alone");
        return new Split([.. names.Select(fold => new Fold(fold, In(f => f == fold), In(f => f != fold && f != Unused)))], subjects);
    }

    private static (Dictionary<string, string> Folds, Dictionary<string, string> Subjects) Rows(string path, string name)
    {
        if (!File.Exists(path))
            throw new RecordingException($"--split {path}: is not there; loso, or a CSV file with the columns recording and fold, is wanted");
        var lines = File.ReadAllLines(path);
        var columns = lines.Length == 0 ? [] : lines[0].Split(',').Select(column => column.Trim()).ToList();
        var (recording, fold, subject) = (columns.IndexOf("recording"), columns.IndexOf("fold"), columns.IndexOf("subject"));
        if (recording < 0 || fold < 0)
            throw new RecordingException($"{name}: columns recording and fold are wanted (and subject, if a person has several recordings); it has {string.Join(", ", columns)}");
        var (folds, subjects) = (new Dictionary<string, string>(), new Dictionary<string, string>());
        foreach (var (line, row) in lines.Select((line, i) => (line, i + 1)).Skip(1).Where(l => l.line.Trim().Length > 0))
        {
            var fields = line.Split(',').Select(field => field.Trim()).ToList();
            if (fields.Count <= Math.Max(recording, Math.Max(fold, subject)) || fields[recording].Length == 0 || fields[fold].Length == 0)
                throw new RecordingException($"{name}: line {row} '{WfdbHeader.Shown(line)}' has no recording and fold");
            if (!folds.TryAdd(fields[recording], fields[fold]))
                throw new RecordingException($"{name}: line {row} names {WfdbHeader.Shown(fields[recording])} again");
            if (subject >= 0 && fields[subject].Length > 0)
                subjects.Add(fields[recording], fields[subject]);
        }
        return (folds, subjects);
    }

    private static void Refuse(string file, string what, IEnumerable<string> names)
    {
        var all = names.Select(one => WfdbHeader.Shown(one)).Order(StringComparer.Ordinal).ToList();
        if (all.Count > 0)
            throw new RecordingException($"{file}: {what}: {string.Join(", ", all.Take(8))}{(all.Count > 8 ? $" and {all.Count - 8} more" : "")}");
    }
}
