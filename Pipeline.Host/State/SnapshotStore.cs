using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Host.State;

/// <summary>
/// The snapshots of patients that are not in memory, in a SQLite database of this process, found by shard and patient. Memory does not grow
/// with the patients: the page cache has <see cref="CacheBytes"/>, the index is in the file. The file keeps the largest size that it ever
/// had. It is a copy of what the shard log has, so it is not synced to the disk, and it is deleted with the process. Thread-safe: one call
/// at a time uses the database, the others wait. A failed call leaves the store as it was and can be repeated.
/// </summary>
public sealed class SnapshotStore : IPassivePatients, IDisposable
{
    /// <summary>Memory for pages of the file.</summary>
    public const int CacheBytes = 1 << 20;

    private const string FilePattern = "passive-*.db";

    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _put, _drop, _clear, _find, _findMany, _unseen;
    private readonly string _path;

    private SnapshotStore(string path)
    {
        _path = path;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            _connection.Open();
            // A failed statement is rolled back from memory. A file that a crash leaves half written is never read again, so nothing is
            // synced.
            Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
            Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size = -{CacheBytes / 1024}"));
            Execute("""
                CREATE TABLE snapshot (
                    shard INTEGER NOT NULL, patient TEXT NOT NULL, seen INTEGER NOT NULL, record INTEGER NOT NULL, value BLOB NOT NULL,
                    UNIQUE (shard, patient));
                CREATE INDEX seen ON snapshot (shard, seen)
                """);
            _put = Prepare("""
                INSERT INTO snapshot VALUES ($shard, $patient, $seen, $record, $value)
                ON CONFLICT DO UPDATE SET seen = excluded.seen, record = excluded.record, value = excluded.value
                """, "$shard", "$patient", "$seen", "$record", "$value");
            _drop = Prepare("DELETE FROM snapshot WHERE shard = $shard AND patient = $patient", "$shard", "$patient");
            _clear = Prepare("DELETE FROM snapshot WHERE shard = $shard", "$shard");
            _find = Prepare("SELECT value FROM snapshot WHERE shard = $shard AND patient = $patient", "$shard", "$patient");
            _findMany = Prepare("""
                SELECT patient, value FROM snapshot WHERE shard = $shard AND patient IN (SELECT value FROM json_each($patients))
                """, "$shard", "$patients");
            _unseen = Prepare("""
                SELECT patient FROM snapshot WHERE shard = $shard AND seen <= $seen AND record <= $record LIMIT $most
                """, "$shard", "$seen", "$record", "$most");
        }
        catch (SqliteException)
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The same in a new folder of this user alone below the system's place for temporary files; on Unix that is removed at once, too.
    /// </summary>
    /// <exception cref="IOException">There is no place for temporary files.</exception>
    public static SnapshotStore CreateTemporary()
    {
        var folder = PrivateFolder.CreateTemporary();
        var store = Create(folder);
        if (!OperatingSystem.IsWindows())
            Directory.Delete(folder);
        return store;
    }

    /// <summary>
    /// Creates a new file in <paramref name="folder"/>, which is created for this user alone when it is missing; files that a dead process has left there are
    /// deleted. On Unix the file is unlinked at once, so that the disk is free again however the process ends.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be used, or everybody may write there.</exception>
    public static SnapshotStore Create(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        try
        {
            PrivateFolder.Open(folder, "Kafka:StateFolder");
            foreach (var left in Directory.EnumerateFiles(folder, FilePattern))
                TryDelete(left);
            var name = FilePattern.Replace("*", Guid.NewGuid().ToString("N"), StringComparison.Ordinal);
            var store = new SnapshotStore(Path.Combine(folder, name));
            if (!OperatingSystem.IsWindows())
                File.Delete(store._path);
            return store;
        }
        catch (Exception fault) when (fault is SqliteException or UnauthorizedAccessException or IOException)
        {
            throw new IOException($"The folder '{folder}' cannot take the snapshots of idle patients: {fault.Message}", fault);
        }
    }

    /// <summary>Where the file is, or was before it was unlinked.</summary>
    internal string FilePath => _path;

    /// <inheritdoc/>
    public void Keep(int shard, IReadOnlyCollection<PatientSnapshot> snapshots)
    {
        ArgumentNullException.ThrowIfNull(snapshots);
        var encoded = snapshots.Select(snapshot => (snapshot, SnapshotCodec.Encode(snapshot))).ToArray();
        Write(transaction =>
        {
            foreach (var (snapshot, bytes) in encoded)
                Bind(_put, transaction, shard, snapshot.Patient.Value, snapshot.Seen, bytes).ExecuteNonQuery();
        });
    }

    /// <summary>The snapshot of one patient; null when there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public PatientSnapshot? Find(int shard, PatientId patient)
    {
        if (Guard(() => (byte[]?)Bind(_find, null, shard, patient.Value).ExecuteScalar()) is not { } bytes)
            return null;
        return SnapshotCodec.Decode(bytes, out var fault) ?? throw new IOException($"The snapshot of {patient} in '{_path}': {fault}");
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<PatientId, PatientSnapshot> FindMany(int shard, IReadOnlyCollection<PatientId> patients)
    {
        ArgumentNullException.ThrowIfNull(patients);
        var found = new Dictionary<PatientId, PatientSnapshot>(patients.Count);
        if (patients.Count == 0)
            return found;
        Dictionary<PatientId, string>? unreadable = null;
        try
        {
            foreach (var (patient, bytes) in Guard(() => ReadMany_NeedsLock(shard, patients)))
                if (SnapshotCodec.Decode(bytes, out var fault) is { } snapshot)
                    found[patient] = snapshot;
                else
                    (unreadable ??= [])[patient] = fault ?? "";
        }
        catch (IOException)
        {
            // One row that the disk cannot give ends the query. Asked one by one, only the patients concerned fail.
            unreadable = FindEach(shard, patients, found);
        }
        return unreadable is null ? found : throw new UnreadablePatientsException(found, unreadable);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PatientId> FindUnseen(int shard, LastSeen seen, int most) => Guard(() =>
    {
        var found = new List<PatientId>();
        using var reader = Bind(_unseen, null, shard, null, seen, most: most).ExecuteReader();
        while (reader.Read())
            found.Add(new PatientId(reader.GetString(0)));
        return found;
    });

    /// <inheritdoc/>
    public void Drop(int shard, IReadOnlyCollection<PatientId> patients)
    {
        ArgumentNullException.ThrowIfNull(patients);
        Write(transaction =>
        {
            foreach (var patient in patients)
                Bind(_drop, transaction, shard, patient.Value).ExecuteNonQuery();
        });
    }

    /// <inheritdoc/>
    public void Clear(int shard) => Write(transaction => Bind(_clear, transaction, shard, null).ExecuteNonQuery());

    /// <summary>Closes and deletes the file.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var command in (SqliteCommand[])[_put, _drop, _clear, _find, _findMany, _unseen])
                command.Dispose();
            _connection.Dispose();
            TryDelete(_path);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // Another process has it open, on a system where that matters.
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's.
        }
    }

    private List<(PatientId Patient, byte[] Value)> ReadMany_NeedsLock(int shard, IReadOnlyCollection<PatientId> patients)
    {
        var found = new List<(PatientId, byte[])>(patients.Count);
        var names = JsonSerializer.Serialize(patients.Select(patient => patient.Value));
        using var reader = Bind(_findMany, null, shard, names).ExecuteReader();
        while (reader.Read())
            found.Add((new PatientId(reader.GetString(0)), (byte[])reader[1]));
        return found;
    }

    private Dictionary<PatientId, string>? FindEach(
        int shard, IReadOnlyCollection<PatientId> patients, Dictionary<PatientId, PatientSnapshot> found)
    {
        Dictionary<PatientId, string>? unreadable = null;
        foreach (var patient in patients)
        {
            try
            {
                if (Find(shard, patient) is { } snapshot)
                    found[patient] = snapshot;
            }
            catch (IOException fault)
            {
                (unreadable ??= [])[patient] = fault.Message;
            }
        }
        return unreadable;
    }

    private void Write(Action<SqliteTransaction> work) => Guard(() =>
    {
        using var transaction = _connection.BeginTransaction();
        work(transaction);
        transaction.Commit();
        return true;
    });

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
                throw new IOException($"The snapshots of idle patients in '{_path}': {fault.Message}", fault);
            }
        }
    }

    private static SqliteCommand Bind(
        SqliteCommand command, SqliteTransaction? transaction, int shard, string? patients, LastSeen seen = default, byte[]? value = null,
        int most = 0)
    {
        command.Transaction = transaction;
        foreach (SqliteParameter parameter in command.Parameters)
            parameter.Value = parameter.ParameterName switch
            {
                "$shard" => shard,
                "$patient" or "$patients" => patients,
                "$seen" => seen.Time.UnixNanoseconds,
                "$record" => seen.Offset,
                "$most" => most,
                _ => value,
            };
        return command;
    }

    private SqliteCommand Prepare(string text, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (var name in parameters)
            command.Parameters.Add(name, name switch
            {
                "$patients" or "$patient" => SqliteType.Text,
                "$value" => SqliteType.Blob,
                _ => SqliteType.Integer,
            });
        command.Prepare();
        return command;
    }

    private void Execute(string text)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
