using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

public sealed class SnapshotStoreTests
{
    private static readonly PatientId P1 = new("P1"), P2 = new("P2"), P3 = new("P3");

    [Fact]
    public void A_snapshot_is_found_as_it_was_kept_and_only_in_its_shard()
    {
        using var folder = new TemporaryFolder();
        using var store = SnapshotStore.Create(Path.Combine(folder.Path, "sub"));
        store.Keep(1, [Seen("P1", 5, 50), Seen("P2", 6, 60)]);
        store.Keep(2, [Seen("P1", 7, 70)]);
        store.Keep(1, [Seen("P1", 8, 80)]);

        Assert.Equal(SnapshotCodec.Encode(Seen("P1", 8, 80)), SnapshotCodec.Encode(store.Find(1, P1)!));
        Assert.Equal(7, store.Find(2, P1)?.Applied.Offset);
        Assert.Null(store.Find(2, P2));
        store.Drop(1, [P2, P3]);
        Assert.Null(store.Find(1, P2));
        store.Clear(2);
        Assert.Null(store.Find(2, P1));
        Assert.NotNull(store.Find(1, P1));
    }

    [Fact]
    public void The_file_and_memory_say_the_same_whatever_is_asked_of_them()
    {
        using var folder = new TemporaryFolder();
        Prop.ForAll<int>(ArbMap.Default.ArbFor<int>(), seed =>
        {
            using var store = SnapshotStore.Create(folder.Path);
            var (memory, random) = (new MemoryPatients(), new Random(seed));
            for (var step = 0; step < 60; step++)
            {
                var (shard, patient) = (random.Next(3), $"P{random.Next(6)}");
                var seen = new LastSeen(new Timestamp(random.Next(20)), random.Next(20));
                var what = random.Next(12);
                foreach (var passive in (IPassivePatients[])[store, memory])
                    if (what == 0)
                        passive.Clear(shard);
                    else if (what < 4)
                        passive.Drop(shard, [new PatientId(patient), P3]);
                    else
                        passive.Keep(shard, [Snapshots.Of(patient, shard, step) with { Seen = seen }]);
                Assert.Equal(Ids(memory.FindUnseen(shard, seen, 100)), Ids(store.FindUnseen(shard, seen, 100)));
                Assert.Equal(memory.Find(shard, new PatientId(patient))?.Applied, store.Find(shard, new PatientId(patient))?.Applied);
                Assert.Equal(Offsets(memory.FindMany(shard, [P1, P2, P3])), Offsets(store.FindMany(shard, [P1, P2, P3])));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Many_patients_are_found_at_once_and_those_without_a_snapshot_are_left_out()
    {
        using var folder = new TemporaryFolder();
        using var store = SnapshotStore.Create(folder.Path);
        store.Keep(1, [Seen("P1", 5, 50), Seen("P3", 6, 60)]);
        store.Keep(2, [Seen("P2", 7, 70)]);

        var found = store.FindMany(1, [P1, P2, P3, P1]);

        Assert.Equal("P1@5 P3@6", Offsets(found));
        Assert.Equal(SnapshotCodec.Encode(Seen("P3", 6, 60)), SnapshotCodec.Encode(found[P3]));
        Assert.Empty(store.FindMany(1, []));
    }

    [SkippableFact]
    public void A_damaged_snapshot_is_the_trouble_of_its_patient_alone()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the file has no name by now: Linux shows it under /proc");
        using var folder = new TemporaryFolder();
        using var store = SnapshotStore.Create(folder.Path);
        const int Large = 30_000, Count = 200;  // several times the page cache, so that the damage is read from the file
        for (var i = 0; i < Count; i++)
            store.Keep(1, [Snapshots.Of($"P{i}", 1, i, Large)]);

        // From the middle: the beginning of a row is copied when its page is split, and the old copy stays in the file.
        Damage(folder.Path, Snapshots.Of("P1", 1, 1, Large).Devices[0].Stream.Blocks[0].Bytes.Span.Slice(Large / 2, 64));

        var all = Enumerable.Range(0, Count).Select(i => new PatientId($"P{i}")).ToArray();
        var fault = Assert.Throws<UnreadablePatientsException>(() => store.FindMany(1, all));
        Assert.Equal(P1, Assert.Single(fault.Unreadable).Key);
        Assert.Contains("damaged", fault.Unreadable[P1], StringComparison.Ordinal);
        Assert.Equal(Count - 1, fault.Found.Count);
        Assert.Contains("P1", Assert.ThrowsAny<IOException>(() => store.Find(1, P1)).Message, StringComparison.Ordinal);
        store.Keep(1, [Seen("P1", 8, 80)]);
        Assert.Equal("P1@8 P2@2", Offsets(store.FindMany(1, [P1, P2])));
    }

    [Fact]
    public async Task Background_tasks_of_several_shards_use_it_at_once()
    {
        using var folder = new TemporaryFolder();
        using var store = SnapshotStore.Create(folder.Path);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(shard => Task.Run(() =>
        {
            for (var i = 1; i <= 100; i++)
            {
                store.Keep(shard, [Snapshots.Of("P1", shard, i), Snapshots.Of("P2", shard, i)]);
                Assert.Equal($"P1@{i} P2@{i}", Offsets(store.FindMany(shard, [P1, P2, P3])));
                store.Drop(shard, [P2]);
                Assert.Null(store.Find(shard, P2));
            }
        })));

        for (var shard = 0; shard < 4; shard++)
            Assert.Equal("P1@100", Offsets(store.FindMany(shard, [P1, P2])));
    }

    [Fact]
    public void Unseen_are_those_that_neither_time_nor_record_says_were_seen_later()
    {
        using var folder = new TemporaryFolder();
        using var store = SnapshotStore.Create(folder.Path);
        store.Keep(0, [Seen("P1", 5, 50), Seen("P2", 9, 40), Seen("P3", 4, 90)]);

        Assert.Equal(["P1"], Ids(store.FindUnseen(0, new LastSeen(new Timestamp(60), 5), 10)));
        Assert.Equal(["P1", "P2"], Ids(store.FindUnseen(0, new LastSeen(new Timestamp(60), 9), 10)));
        Assert.Single(store.FindUnseen(0, new LastSeen(new Timestamp(99), 9), 1));
    }

    [Fact]
    public void What_a_process_that_died_has_left_is_removed_and_a_store_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "passive-1.db"), "left");
        File.WriteAllText(Path.Combine(folder.Path, "other.db"), "another's");
        using (var first = SnapshotStore.Create(folder.Path))
        using (var second = SnapshotStore.Create(folder.Path))      // another process of the same machine
        {
            first.Keep(0, [Seen("P1", 1, 1)]);
            second.Keep(0, [Seen("P1", 2, 2)]);
            Assert.Equal((1L, 2L), (first.Find(0, P1)?.Applied.Offset, second.Find(0, P1)?.Applied.Offset));
        }

        Assert.Equal(["other.db"], Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_folder_that_cannot_be_used_is_named()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "file");
        File.WriteAllText(file, "");

        Assert.Contains(file, Assert.ThrowsAny<IOException>(() => SnapshotStore.Create(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restore_keeps_the_last_of_each_patient_and_names_what_cannot_be_read()
    {
        var (passive, lease) = (new MemoryPatients(), new ShardLease(4, 1));
        passive.Keep(4, [Seen("old", 1, 1)]);
        var restore = new PassiveRestore(lease, passive);
        for (var i = 0; i < 200; i++)
            restore.Take($"P{i}", SnapshotCodec.Encode(Seen($"P{i}", i, i)));
        restore.Take("P1", SnapshotCodec.Encode(Seen("P1", 300, 300)));
        restore.Take("P2", null);
        restore.Take("P3", SnapshotCodec.Encode(Seen("P4", 1, 1)));
        restore.Take("P5", [1, 2, 3]);
        restore.Take("P5", SnapshotCodec.Encode(Seen("P5", 301, 301)));

        var restored = restore.End(SnapshotCodec.EncodeMark(new ShardMark(new RecordPosition(Snapshots.Topic, 4, 400), new Timestamp(77))));

        Assert.Equal((400L, new Timestamp(77), 198, 0), (restored.Through?.Offset, restored.Time!.Value, restored.KeptCount, restored.Patients.Count));
        Assert.Equal("the snapshot of P4 in the place of P3", Assert.Single(restored.Refused, refused => refused.Patient == "P3").Reason);
        Assert.Equal((300L, 301L), (passive.Find(4, P1)?.Applied.Offset, passive.Find(4, new PatientId("P5"))?.Applied.Offset));
        Assert.Null(passive.Find(4, P2));
        Assert.Null(passive.Find(4, new PatientId("old")));
    }

    private static PatientSnapshot Seen(string patient, long offset, long time) =>
        Snapshots.Of(patient, 1, offset) with { Seen = new LastSeen(new Timestamp(time), offset) };

    private static string Offsets(IReadOnlyDictionary<PatientId, PatientSnapshot> found) =>
        string.Join(' ', found.OrderBy(one => one.Key.Value, StringComparer.Ordinal).Select(one => $"{one.Key}@{one.Value.Applied.Offset}"));

    /// <summary>Inverts a part of the open file below <paramref name="folder"/> that has no name any more.</summary>
    private static void Damage(string folder, ReadOnlySpan<byte> part)
    {
        var descriptor = Directory.EnumerateFiles("/proc/self/fd").Single(link => new FileInfo(link).LinkTarget?.StartsWith(folder, StringComparison.Ordinal) == true);
        using var file = new FileStream(descriptor, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var at = bytes.AsSpan().IndexOf(part);
        Assert.True(at > 0);
        file.Position = at;
        file.WriteByte((byte)~bytes[at]);
    }

    private static IEnumerable<string> Ids(IEnumerable<PatientId> patients) => patients.Select(patient => patient.Value).Order(StringComparer.Ordinal);
}
