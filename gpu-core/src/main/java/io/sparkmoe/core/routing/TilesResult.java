package io.sparkmoe.core.routing;

/**
 * Result of {@link RoutingBackend#groupedGemmTiles}, one list a segment and field.
 *
 * @param mNumTilesIndptr int64 [experts + 1]: tiles before each expert
 * @param tileExpert int32 [tiles]
 * @param tileRowStart int64 [tiles], first row of the tile
 * @param tileRowEnd int64 [tiles], exclusive
 */
public record TilesResult(
        ListBuffer mNumTilesIndptr, ListBuffer tileExpert, ListBuffer tileRowStart, ListBuffer tileRowEnd)
        implements AutoCloseable {
    @Override
    public void close() {
        mNumTilesIndptr.close();
        tileExpert.close();
        tileRowStart.close();
        tileRowEnd.close();
    }
}
