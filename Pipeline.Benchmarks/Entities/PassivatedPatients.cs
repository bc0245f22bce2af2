using System.Diagnostics;
using Pipeline.Host.State;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Entities;

/// <summary>Patients that are not in memory: what one takes there, and how long it takes to find it.</summary>
internal static class PassivatedPatients
{
    /// <summary>Memory of a patient whose snapshot lies in the store, and microseconds to find and decode one.</summary>
    public static (double Bytes, double FindMicroseconds) Measure(int patients)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        try
        {
            using var store = SnapshotStore.Create(folder);
            var transfer = new StateTransfer();
            PlacedDevice[] bed = [.. SnapshotsBenchmark.Bed(1, hasAbp: false).Select(stream => new PlacedDevice(stream.Capture(transfer), "ward", "bed", default))];
            PatientSnapshot Of(string name) => new(new PatientId(name), default, bed);
            store.Keep(0, [Of("P-first")]);     // what is made once is no patient's
            store.Find(0, new PatientId("P-first"));
            var before = Used();
            for (var i = 0; i < patients; i += 100)
                store.Keep(0, [.. Enumerable.Range(i, 100).Select(p => Of(Name(p)))]);
            var finds = Math.Min(patients, 2_000);
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < finds; i++)
                if (store.Find(0, new PatientId(Name(i * 7919 % patients))) is null)
                    throw new InvalidOperationException("A snapshot that was just written is not there.");
            var find = Stopwatch.GetElapsedTime(start).TotalMicroseconds / finds;
            return ((Used() - before) / (double)patients, find);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Name(int patient) => $"P-{patient:00000}";

    /// <summary>Managed memory, and what SQLite has of its own.</summary>
    private static long Used() => GC.GetTotalMemory(forceFullCollection: true) + SQLitePCL.raw.sqlite3_memory_used();
}
