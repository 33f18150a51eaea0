using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;

namespace AaClip.Pipeline.Tests.Jobs;

public sealed class JobTests
{
    [Fact]
    public void Time_left_goes_by_the_pace_since_the_job_was_last_resumed()
    {
        DateTimeOffset noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        Job job = new()
        {
            Id = "j",
            Request = new RescoreRequest { Model = "a@1" },
            CreatedAt = noon,
            UpdatedAt = noon,
            Images = 100,
            ListedAll = true,
            Found = new Comparison { Images = 20 },
        };
        Job resumed = job with { ResumedAt = noon.AddDays(1), ResumedImages = 20 };

        Assert.Equal(TimeSpan.FromSeconds(40), job.Left(noon.AddSeconds(10)));
        Assert.Null(resumed.Left(noon.AddDays(1).AddSeconds(10)));
        Assert.Equal(
            TimeSpan.FromSeconds(60),
            (resumed with { Found = new Comparison { Images = 40 } }).Left(noon.AddDays(1).AddSeconds(20))
        );
        Assert.Null((job with { ListedAll = false }).Left(noon.AddSeconds(10)));
    }
}
