using Pipeline.Actors.Cluster;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;
using Channel = System.Threading.Channels.Channel;

namespace Pipeline.Tests.Cluster;

/// <summary>Reading the ward from any of three processes. Each test has patients of its own.</summary>
[Collection(nameof(ClusterNodeTests))]
public sealed class WardReaderTests(ThreeProcesses three)
{
    private readonly TestNodes _nodes = three.Nodes;

    [Fact]
    public async Task Any_process_answers_for_any_patient_and_any_bed_and_for_all_processes()
    {
        for (var node = 0; node < 3; node++)
            await _nodes.Readings(node).Latest.WriteAsync(Points.Batch(7, 1, patient: $"any-{node}", bed: $"any-b{node}"), _nodes.Stop);

        for (var asked = 0; asked < 3; asked++)
        {
            var reader = new WardReader(_nodes[asked], TimeProvider.System);
            for (var node = 0; node < 3; node++)
            {
                var (newest, _) = await reader.PatientAsync($"any-{node}", _nodes.Stop);
                Assert.Equal(_nodes[node].Address, newest?.Process);
                Assert.Equal((67, "ok", "ecg", 7), (newest?.Answer?.Series[0].Value, newest?.Answer?.Series[0].Status, newest?.Answer?.Series[0].Signal, newest?.Answer?.Series[0].WindowId));
            }
            var (patients, all) = await reader.PatientsAsync(_nodes.Stop);
            Assert.Equal(
                [("any-b0", "any-0"), ("any-b1", "any-1"), ("any-b2", "any-2")],
                patients.Select(one => (one.Report.Bed, one.Report.Patient)).Where(one => one.Patient.StartsWith("any-", StringComparison.Ordinal)));
            Assert.All(all, one => Assert.Null(one.Fault));
            Assert.Equal([0, 1, 2], (await reader.StatusAsync(_nodes.Stop)).SelectMany(one => one.Answer!.Shards).Select(shard => shard.Shard).Order());
        }
    }

    [Fact]
    public async Task A_patient_who_went_to_another_process_is_shown_by_its_newest_estimate_once()
    {
        await _nodes.Readings(0).Latest.WriteAsync(Points.Batch(1, 3, patient: "moved"), _nodes.Stop);
        await _nodes.Readings(1).Latest.WriteAsync(Points.Batch(4, 1, patient: "moved"), _nodes.Stop);
        var reader = new WardReader(_nodes[2], TimeProvider.System);

        var (newest, _) = await reader.PatientAsync("moved", _nodes.Stop);
        var (patients, _) = await reader.PatientsAsync(_nodes.Stop);

        Assert.Equal((_nodes[1].Address, 4), (newest?.Process, newest?.Answer?.Series[0].WindowId));
        Assert.Equal(_nodes[1].Address, Assert.Single(patients, one => one.Report.Patient == "moved").Process);
    }

    [Fact]
    public async Task Hundreds_of_patients_come_in_pages()
    {
        await _nodes.Readings(1).Latest.WriteAsync(Points.Batch(Enumerable.Range(0, 450).Select(number => Points.Of(1, patient: $"page-{number}", bed: $"b{number}"))), _nodes.Stop);

        var (patients, _) = await new WardReader(_nodes[0], TimeProvider.System).PatientsAsync(_nodes.Stop);

        Assert.Equal(450, patients.Select(one => one.Report.Patient).Where(patient => patient.StartsWith("page-", StringComparison.Ordinal)).Distinct().Count());
    }

    [Fact]
    public async Task A_patient_in_partitions_of_two_processes_is_noticed_by_one_of_them_and_one_whose_partition_moved_is_not()
    {
        var noted = Channel.CreateBounded<(string Patient, int Lower, int Higher)>(10);
        _nodes.InTwoPartitions = (_, patient, one, other) => noted.Writer.TryWrite((patient.Value, Math.Min(one, other), Math.Max(one, other)));
        foreach (var (node, patient, partition) in new[] { (0, "twice", 3), (1, "twice", 5), (0, "moved", 1), (2, "moved", 1), (0, "also twice", 3), (2, "also twice", 7), (2, "once", 7) })
            _nodes.Places(node).Claim(new PatientId(patient), partition);

        var seen = new[] { await noted.Reader.ReadAsync(_nodes.Stop), await noted.Reader.ReadAsync(_nodes.Stop) };

        Assert.Equal([("also twice", 3, 7), ("twice", 3, 5)], seen.Order());
        Assert.Equal(2, Enumerable.Range(0, 3).Sum(node => _nodes.Places(node).TwiceCount));
    }

    [Fact]
    public async Task A_patients_samples_come_from_another_process_only_while_somebody_looks()
    {
        var tap = _nodes.Readings(1).Tap;
        using var looking = CancellationTokenSource.CreateLinkedTokenSource(_nodes.Stop);
        var reading = ReadAsync(new WardReader(_nodes[0], TimeProvider.System), 3, looking);
        await _nodes.UntilAsync(_nodes[1].Current.Cluster, _ => tap.IsUsed);

        for (var second = 0; second < 3; second++)
        {
            tap.TryPublish(Chunks.Of(10 * second, 10, patient: "P2"));
            tap.TryPublish(Chunks.Of(10 * second, 10));
        }
        var seen = await reading;

        Assert.Equal([0L, 10, 20], seen.Select(samples => samples.FirstSampleIndex));
        Assert.All(seen, samples => Assert.Equal(("P1", 0L), (samples.Patient, samples.Skipped)));
        Assert.Equal(Enumerable.Range(10, 10).Select(value => (float)value), seen[1].ValuesOf(0));
        await _nodes.UntilAsync(_nodes[1].Current.Cluster, _ => !tap.IsUsed);
    }

    [Fact]
    public async Task Who_has_no_room_misses_chunks_and_is_told_how_many()
    {
        var tap = _nodes.Readings(0).Tap;
        var reader = new WardReader(_nodes[0], TimeProvider.System).SamplesAsync(["P1"], _nodes.Stop).GetAsyncEnumerator(_nodes.Stop);
        var first = reader.MoveNextAsync();
        await _nodes.UntilAsync(_nodes[0].Current.Cluster, _ => tap.IsUsed);

        for (var second = 0; second < 100; second++)
            tap.TryPublish(Chunks.Of(10 * second, 10));
        Assert.True(await first);
        var received = 1;
        var skipped = reader.Current.Skipped;
        // What is published from here on says how many were missed, as soon as there is room again.
        while (skipped == 0)
        {
            var next = reader.MoveNextAsync();
            while (!next.IsCompleted)
            {
                tap.TryPublish(Chunks.Of(10_000, 10));
                await Task.Yield();
            }
            Assert.True(await next);
            received++;
            skipped = reader.Current.Skipped;
        }

        Assert.InRange(received, 2, 100);
        Assert.InRange(skipped, 40, long.MaxValue);
        await reader.DisposeAsync();
        await _nodes.UntilAsync(_nodes[0].Current.Cluster, _ => !tap.IsUsed);
    }

    [Fact]
    public async Task However_many_read_a_patient_her_chunks_come_once_and_a_slow_reader_holds_up_nobody()
    {
        var tap = _nodes.Readings(1).Tap;
        var ward = new WardReader(_nodes[0], TimeProvider.System);
        using var looking = CancellationTokenSource.CreateLinkedTokenSource(_nodes.Stop);
        var quick = ward.SamplesAsync(["P1"], looking.Token).GetAsyncEnumerator(looking.Token);
        var next = quick.MoveNextAsync();
        await _nodes.UntilAsync(_nodes[1].Current.Cluster, _ => tap.IsUsed);
        // P1's chunks come by now: with another patient first, the tap could be used for that one alone.
        var slow = ward.SamplesAsync(["P1", "P2"], looking.Token).GetAsyncEnumerator(looking.Token);
        var first = slow.MoveNextAsync();

        for (var second = 0; second < 60; second++)
        {
            tap.TryPublish(Chunks.Of(10 * second, 10));
            Assert.True(await next);
            Assert.Equal((second + 1, 10 * second, 0), (quick.Current.Number, quick.Current.FirstSampleIndex, quick.Current.Skipped));
            next = quick.MoveNextAsync();
        }

        Assert.True(await first);
        Assert.Equal(0, slow.Current.FirstSampleIndex);
        await looking.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        await quick.DisposeAsync();
        await slow.DisposeAsync();
        await _nodes.UntilAsync(_nodes[1].Current.Cluster, _ => !tap.IsUsed);
    }

    private static async Task<List<LiveSamples>> ReadAsync(WardReader reader, int count, CancellationTokenSource looking)
    {
        var seen = new List<LiveSamples>();
        await foreach (var samples in reader.SamplesAsync(["P1"], looking.Token))
        {
            seen.Add(samples);
            if (seen.Count == count)
                break;
        }
        return seen;
    }
}
