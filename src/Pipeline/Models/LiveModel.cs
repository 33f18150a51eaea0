using AaClip.Pipeline.Results.Index;

namespace AaClip.Pipeline.Models;

/// <summary>The live model, for programs that load none.</summary>
public static class LiveModel
{
    private const int MaxRows = 1000; // results of jobs and of the shadow that are passed over

    /// <summary>
    /// "name@version" of the promoted model. Where none was promoted, only the scorers know theirs: then that of the newest result which
    /// neither a job nor the shadow made.
    /// </summary>
    /// <returns>Null if there is no such result.</returns>
    public static async Task<string?> FindAsync(ModelRoles roles, ResultIndex index, CancellationToken cancellation = default) =>
        roles.Live
        ?? (
            await index
                .QueryAsync(new ResultQuery { PageSize = 20 }, cancellation)
                .Take(MaxRows)
                .FirstOrDefaultAsync(r => roles.TellsLive(r.Model, r.Job), cancellation)
        )?.Model;
}
