using System.Globalization;
using Microsoft.Data.Sqlite;
using Pipeline.Actors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.State;

/// <summary>
/// The committed checkpoints of all shards in one SQLite database: of each patient the last snapshot, of each shard the mark. A batch of
/// checkpoints is one transaction of a write-ahead log with synchronous = FULL: it is on the disk when <see cref="Write"/> returns, and a
/// batch that was cut off at any byte is not there. One thread at a time; one process a file.
/// </summary>
/// <remarks>
/// SQLite and not own segments: the product has it already for idle patients, and its log brings checksums, recovery and compaction, which
/// own files would need as own code.
/// </remarks>
internal sealed class CheckpointFile : IDisposable
{
    /// <summary>Name of the file in its folder.</summary>
    public const string Name = "checkpoints.db";

    /// <summary>Version of the tables that is written; older ones are none yet.</summary>
    private const int Version = 1;

    private static readonly int[] Damaged = [11 /* SQLITE_CORRUPT */, 26 /* SQLITE_NOTADB */];

    private readonly SqliteConnection _connection;
    private readonly string _path;

    private CheckpointFile(SqliteConnection connection, string path) => (_connection, _path) = (connection, path);

    /// <summary>Opens the file in <paramref name="folder"/>.</summary>
    /// <param name="folder">Exists.</param>
    /// <param name="mayCreate">Whether a missing file is created, empty; else it is an error.</param>
    /// <param name="maxPages">Most pages (4 KiB) of the file: beyond it fails as on a full disk. Null: no limit.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be opened, or a newer program wrote it.</exception>
    public static CheckpointFile Open(string folder, bool mayCreate, int? maxPages = null)
    {
        var path = Path.Combine(folder, Name);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mayCreate ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 1,     // a lock of another program is an error like any other: retried by the caller, with its back-off
        }.ToString());
        var file = new CheckpointFile(connection, path);
        try
        {
            file.Guard(() =>
            {
                connection.Open();
                // Exclusive before the journal mode: the log's index is then in memory, and no other program can write the file.
                file.Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
                if (maxPages is { } most)
                    file.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {most}"));
                file.Prepare(mayCreate);
            });
            return file;
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Applies checkpoints in their order: all of them, or none when it throws.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">The disk cannot be written. Close the file and open it again before the next attempt.</exception>
    public void Write(IReadOnlyList<ShardCheckpoint> checkpoints) => Guard(() =>
    {
        if (!File.Exists(_path))
            throw new IOException(
                $"The file '{_path}' is missing. It is not created again, as it has the state of patients that have not changed since: put it back.");
        using var transaction = _connection.BeginTransaction();
        using var put = Command("INSERT INTO snapshot VALUES ($shard, $patient, $value) ON CONFLICT DO UPDATE SET value = excluded.value");
        using var forget = Command("DELETE FROM snapshot WHERE shard = $shard AND patient = $patient");
        using var mark = Command("INSERT INTO mark VALUES ($shard, $value) ON CONFLICT DO UPDATE SET value = excluded.value");
        foreach (var checkpoint in checkpoints)
        {
            var shard = checkpoint.Lease.Shard;
            foreach (var snapshot in checkpoint.Changed)
                Run(put, shard, snapshot.Patient.Value, SnapshotCodec.Encode(snapshot));
            foreach (var patient in checkpoint.Forgotten)
                Run(forget, shard, patient.Value, null);
            Run(mark, shard, null, SnapshotCodec.EncodeMark(ShardMark.Of(checkpoint)));
        }
        transaction.Commit();
    });

    /// <summary>The encoded marks of all shards that have one.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public Dictionary<int, byte[]> ReadMarks()
    {
        var marks = new Dictionary<int, byte[]>();
        Guard(() =>
        {
            using var command = Command("SELECT shard, value FROM mark");
            using var reader = command.ExecuteReader();
            while (reader.Read())
                marks[reader.GetInt32(0)] = (byte[])reader[1];
        });
        return marks;
    }

    /// <summary>
    /// Reads the encoded snapshots of a shard one by one, and its mark, null when it has none. <paramref name="take"/> is given the
    /// patient, the snapshot and the part that is read by then, 0 to 1.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public byte[]? Read(int shard, Action<string, byte[], double> take)
    {
        byte[]? mark = null;
        Guard(() =>
        {
            using var count = Command("SELECT count(*) FROM snapshot WHERE shard = $shard");
            var total = Convert.ToInt64(Bind(count, shard, null, null).ExecuteScalar(), CultureInfo.InvariantCulture);
            using var command = Command("SELECT patient, value FROM snapshot WHERE shard = $shard");
            using var reader = Bind(command, shard, null, null).ExecuteReader();
            for (var read = 1; reader.Read(); read++)
                take(reader.GetString(0), (byte[])reader[1], (double)read / total);
            using var last = Command("SELECT value FROM mark WHERE shard = $shard");
            mark = (byte[]?)Bind(last, shard, null, null).ExecuteScalar();
        });
        return mark;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _connection.Dispose();

    private void Prepare(bool mayCreate)
    {
        using var command = Command("PRAGMA user_version");
        var version = Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (version > Version)
            throw new IOException(
                $"The file '{_path}' has version {version}; this program reads up to {Version}. A newer program wrote it: run that program.");
        if (version == Version)
            return;
        if (!mayCreate)
            throw new IOException($"The file '{_path}' is empty.");
        using var transaction = _connection.BeginTransaction();
        Execute(string.Create(CultureInfo.InvariantCulture, $"""
            CREATE TABLE snapshot (shard INTEGER NOT NULL, patient TEXT NOT NULL, value BLOB NOT NULL, UNIQUE (shard, patient));
            CREATE TABLE mark (shard INTEGER PRIMARY KEY, value BLOB NOT NULL);
            PRAGMA user_version = {Version}
            """));
        transaction.Commit();
    }

    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (SqliteException fault) when (Array.IndexOf(Damaged, fault.SqliteErrorCode) >= 0)
        {
            throw new InvalidDataException($"The file '{_path}' is damaged: {fault.Message}", fault);
        }
        catch (SqliteException fault)
        {
            throw new IOException($"The file '{_path}': {fault.Message}", fault);
        }
    }

    private SqliteCommand Command(string text)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        return command;
    }

    private void Execute(string text)
    {
        using var command = Command(text);
        command.ExecuteNonQuery();
    }

    private static void Run(SqliteCommand command, int shard, string? patient, byte[]? value) =>
        Bind(command, shard, patient, value).ExecuteNonQuery();

    private static SqliteCommand Bind(SqliteCommand command, int shard, string? patient, byte[]? value)
    {
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$shard", shard);
        if (patient is not null)
            command.Parameters.AddWithValue("$patient", patient);
        if (value is not null)
            command.Parameters.AddWithValue("$value", value);
        return command;
    }
}
