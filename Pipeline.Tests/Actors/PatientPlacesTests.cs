using Pipeline.Actors;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>Patients that come in two partitions, of one process or of two.</summary>
public sealed class PatientPlacesTests
{
    private static readonly PatientId One = new("P1"), Other = new("P2");

    private readonly List<(string Patient, int One, int Other)> _noted = [];
    private readonly PatientPlaces _places;

    public PatientPlacesTests() => _places = new PatientPlaces((patient, one, other) => _noted.Add((patient.Value, one, other)));

    [Fact]
    public void A_patient_that_comes_in_a_second_partition_of_the_process_is_noted_and_the_first_one_keeps_it()
    {
        _places.Claim(One, 3);
        _places.Claim(Other, 5);
        _places.Claim(One, 5);

        Assert.Equal([("P1", 3, 5)], _noted);
        Assert.Equal([("P1", 3), ("P2", 5)], _places.All.Order());
        Assert.Equal(1, _places.TwiceCount);
    }

    [Fact]
    public void A_patient_that_another_process_has_in_another_partition_is_noted_once_while_it_is_in_memory()
    {
        _places.Claim(One, 3);
        for (var round = 0; round < 3; round++)
            _places.Compare(One, 5);
        Assert.Equal([("P1", 3, 5)], _noted);

        _places.Release(One, 3);
        _places.Compare(One, 5);
        _places.Claim(One, 3);
        _places.Compare(One, 5);

        Assert.Equal([("P1", 3, 5), ("P1", 3, 5)], _noted);
    }

    [Fact]
    public void A_patient_whose_partition_moved_or_whom_this_process_has_not_is_not_noted()
    {
        _places.Claim(One, 3);
        _places.Compare(One, 3);
        _places.Compare(Other, 7);
        _places.Release(One, 7);    // of another partition: nothing happens
        Assert.Single(_places.All);
        _places.Release(One, 3);
        _places.Compare(One, 7);

        Assert.Empty(_noted);
        Assert.Empty(_places.All);
    }
}
