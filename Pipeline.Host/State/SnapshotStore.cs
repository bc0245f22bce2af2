using System.Globalization;
using Microsoft.Data.Sqlite;
using Pipeline.Models.Signals;

namespace Pipeline.Host.State;

/// <summary>
/// Patients' snapshots in one local file, found by shard and patient: a SQLite database with a write-ahead log. What
/// <see cref="Apply"/> writes is there as a whole or not at all, whenever the process dies; memory does not grow with the patients (a cache of
/// <see cref="CacheBytes"/>, the index is in the file); the file does not grow beyond the most that was ever in it at a time, and a log of
/// about <see cref="LogBytes"/>. One process at a time. Thread-safe.
/// </summary>
public sealed class SnapshotStore : IDisposable
{
    /// <summary>Memory for pages of the file.</summary>
    public const int CacheBytes = 1 << 20;

    /// <summary>The log beside the file is folded into it, and used again from its start, when it is this long.</summary>
    public const int LogBytes = 8 << 20;

    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _put, _remove, _mark, _find;

    private SnapshotStore(string path, bool isDurable)
    {
        Path = path;
        _connection = new SqliteConnection(
            // Who finds the file in use is told so after a second.
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 1 }.ToString());
        try
        {
            _connection.Open();
            Execute($"PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = {(isDurable ? "FULL" : "NORMAL")}");
            Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size = -{CacheBytes / 1024}; PRAGMA wal_autocheckpoint = {LogBytes / 4096}; PRAGMA journal_size_limit = {LogBytes}"));
            Execute("CREATE TABLE IF NOT EXISTS snapshot (shard INTEGER NOT NULL, patient TEXT NOT NULL, value BLOB NOT NULL, UNIQUE (shard, patient))");
            Execute("CREATE TABLE IF NOT EXISTS mark (shard INTEGER PRIMARY KEY, value BLOB NOT NULL)");
            _put = Prepare("INSERT INTO snapshot VALUES ($shard, $patient, $value) ON CONFLICT DO UPDATE SET value = excluded.value");
            _remove = Prepare("DELETE FROM snapshot WHERE shard = $shard AND patient = $patient");
            _mark = Prepare("INSERT INTO mark VALUES ($shard, $value) ON CONFLICT DO UPDATE SET value = excluded.value");
            _find = Prepare("SELECT value FROM snapshot WHERE shard = $shard AND patient = $patient");
        }
        catch (SqliteException)
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Opens the file, which is made when it is missing; what a process that died had not finished writing is gone.</summary>
    /// <exception cref="IOException">It cannot be used: another process has it, or it is damaged; says which.</exception>
    public static SnapshotStore Open(string path)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? ".");
        try
        {
            return new SnapshotStore(path, isDurable: true);
        }
        catch (SqliteException fault)
        {
            throw new IOException($"The snapshots in '{path}' cannot be used: {Explain(fault)}", fault);
        }
    }

    /// <summary>
    /// The same for a copy of what is kept elsewhere: the last moments may be missing after a power failure, and a damaged file is begun anew.
    /// </summary>
    /// <exception cref="IOException">It cannot be used.</exception>
    public static SnapshotStore OpenCache(string path)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? ".");
            try
            {
                return new SnapshotStore(path, isDurable: false);
            }
            catch (SqliteException fault) when (IsDamage(fault))
            {
                foreach (var file in (string[])[path, path + "-wal", path + "-shm"])
                    File.Delete(file);
                return new SnapshotStore(path, isDurable: false);
            }
        }
        catch (SqliteException fault)
        {
            throw new IOException($"The snapshots in '{path}' cannot be used: {Explain(fault)}", fault);
        }
    }

    /// <summary>Writes snapshots, forgets patients and sets the shard's mark: all of it or nothing. A mark that is null stays.</summary>
    /// <exception cref="IOException">The disk does not take it; nothing is changed.</exception>
    public void Apply(int shard, IEnumerable<(string Patient, byte[] Value)> changed, IEnumerable<PatientId> forgotten, byte[]? mark)
    {
        ArgumentNullException.ThrowIfNull(changed);
        ArgumentNullException.ThrowIfNull(forgotten);
        Guard(() =>
        {
            using var transaction = _connection.BeginTransaction();
            foreach (var (patient, value) in changed)
                Run(_put, transaction, shard, patient, value);
            foreach (var patient in forgotten)
                Run(_remove, transaction, shard, patient.Value, null);
            if (mark is not null)
                Run(_mark, transaction, shard, null, mark);
            transaction.Commit();
            return true;
        });
    }

    /// <summary>The snapshot of a patient; null when there is none.</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    public byte[]? Find(int shard, PatientId patient) => Guard(() =>
    {
        Bind(_find, null, shard, patient.Value, null);
        return (byte[]?)_find.ExecuteScalar();
    });

    /// <summary>The mark of a shard and all its snapshots.</summary>
    /// <exception cref="IOException">The disk does not give them.</exception>
    public (byte[]? Mark, List<(string Patient, byte[] Value)> Snapshots) Read(int shard) => Guard(() =>
    {
        using var mark = Prepare("SELECT value FROM mark WHERE shard = $shard");
        Bind(mark, null, shard, null, null);
        using var all = Prepare("SELECT patient, value FROM snapshot WHERE shard = $shard");
        Bind(all, null, shard, null, null);
        var found = new List<(string, byte[])>();
        using var reader = all.ExecuteReader();
        while (reader.Read())
            found.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
        return ((byte[]?)mark.ExecuteScalar(), found);
    });

    /// <summary>Forgets a shard.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Clear(int shard) => Guard(() =>
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var table in (string[])["snapshot", "mark"])
        {
            using var clear = Prepare($"DELETE FROM {table} WHERE shard = $shard");
            Run(clear, transaction, shard, null, null);
        }
        transaction.Commit();
        return true;
    });

    /// <summary>Closes the file; the log is folded into it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var command in (SqliteCommand[])[_put, _remove, _mark, _find])
                command.Dispose();
            _connection.Dispose();
        }
    }

    private T Guard<T>(Func<T> work)
    {
        lock (_lock)
        {
            try
            {
                return work();
            }
            catch (SqliteException fault)
            {
                throw new IOException($"The snapshots in '{Path}': {Explain(fault)}", fault);
            }
        }
    }

    private static void Run(SqliteCommand command, SqliteTransaction transaction, int shard, string? patient, byte[]? value)
    {
        Bind(command, transaction, shard, patient, value);
        command.ExecuteNonQuery();
    }

    private static void Bind(SqliteCommand command, SqliteTransaction? transaction, int shard, string? patient, byte[]? value)
    {
        command.Transaction = transaction;
        foreach (SqliteParameter parameter in command.Parameters)
            parameter.Value = parameter.ParameterName switch { "$shard" => shard, "$patient" => patient, _ => value };
    }

    private SqliteCommand Prepare(string text)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, type) in ((string, SqliteType)[])[("$shard", SqliteType.Integer), ("$patient", SqliteType.Text), ("$value", SqliteType.Blob)])
            if (text.Contains(name, StringComparison.Ordinal))
                command.Parameters.Add(name, type);
        command.Prepare();
        return command;
    }

    private void Execute(string text)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private static bool IsDamage(SqliteException fault) => fault.SqliteErrorCode is 11 or 26;    // SQLITE_CORRUPT, SQLITE_NOTADB

    private static string Explain(SqliteException fault) => fault.SqliteErrorCode switch
    {
        5 or 6 => "another process has them open.",
        11 or 26 => $"the file is damaged ({fault.Message}). Move it away to begin anew.",
        _ => fault.Message,
    };
}
